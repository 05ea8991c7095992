"""Drawing flows: what calls what, without running a task."""

from __future__ import annotations

import pytest

from headrace import flow, task
from headrace.exceptions import VisualizationUnsupportedError


@task
def fetch(url: str) -> list[int]:
    raise AssertionError("no task runs")


@task(viz_return_value=[1, 2, 3])
def numbers(rows: list[int]) -> list[int]:
    raise AssertionError("no task runs")


@task
def add(values: object, more: object = None) -> int:
    raise AssertionError("no task runs")


@flow
def inner(value: object) -> int:
    raise AssertionError("no subflow runs")


@flow
def pipeline(url: str) -> int:
    rows = fetch(url)
    found = numbers(rows)
    assert sum(found) == 6
    future = add.submit({"found": found}, more=[rows])
    add(0, wait_for=[future])
    return inner(future.result())


PIPELINE = """\
flowchart TD
    fetch_0["fetch-0"]
    numbers_0["numbers-0"]
    add_0["add-0"]
    add_1["add-1"]
    inner_0["inner-0"]
    fetch_0 --> numbers_0
    numbers_0 --> add_0
    fetch_0 --> add_0
    add_0 --> add_1
    add_0 --> inner_0"""


def test_the_graph_of_a_flow(capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.generate_mermaid_graph("x") == PIPELINE
    pipeline.visualize("x")
    assert capsys.readouterr().out == f"{PIPELINE}\n"


def test_the_graph_of_an_asynchronous_flow() -> None:
    @task
    async def step(value: object) -> int:
        raise AssertionError("no task runs")

    @flow
    async def asynchronous() -> int:
        return await step(await step(1))

    graph = asynchronous.generate_mermaid_graph()
    assert graph.splitlines()[-1] == "    step_0 --> step_1"


async def test_drawn_from_asynchronous_code() -> None:
    assert await pipeline.generate_mermaid_graph("x") == PIPELINE


def test_what_cannot_be_drawn() -> None:
    @flow
    def maps() -> None:
        add.map([1, 2])

    @flow
    def looks_into(url: str) -> int:
        return len(fetch(url))

    with pytest.raises(VisualizationUnsupportedError, match=r"`task.map\(\)` is not"):
        maps.visualize()
    with pytest.raises(TypeError) as caught:
        looks_into.visualize("x")
    assert "viz_return_value" in caught.value.__notes__[0]
