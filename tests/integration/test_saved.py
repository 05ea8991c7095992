"""Variables and artifacts in programs: embedded and with a service, in any kind of code."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pydantic
import pytest

from headrace import flow, task
from headrace.artifacts import (
    Artifact,
    acreate_markdown_artifact,
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from headrace.client import shared
from headrace.exceptions import ObjectNotFound
from headrace.settings import get_settings
from headrace.testing.utilities import headrace_test_harness
from headrace.variables import Variable
from headrace_service.server import start_in_thread
from tests.run_kit import Book


@pytest.fixture(params=["embedded", "http"], autouse=True)
def place(
    request: pytest.FixtureRequest, book: Book, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A home of the test's own, without a service or with one."""
    if request.param == "embedded":
        yield
    else:
        with start_in_thread(book.path) as service:
            monkeypatch.setenv("HEADRACE_API_URL", service.url)
            get_settings.cache_clear()
            yield
    shared.close()


# -- variables -------------------------------------------------------------------------------------


def test_a_variable_is_set_read_and_unset() -> None:
    made: Variable[Any] = Variable.set("rate", {"eur": [1, None]}, tags=["money"])
    assert repr(made) == "Variable(name='rate', value={'eur': [1, None]}, tags=['money'])"
    assert Variable.get("rate") == {"eur": [1, None]}
    assert Variable.get("nothing") is None
    assert Variable.get("nothing", default=3) == 3
    assert Variable.unset("rate") is True
    assert Variable.unset("rate") is False


def test_an_asynchronous_hook_of_a_synchronous_flow_reads_a_variable() -> None:
    found: list[object] = []

    async def hook(flow: object, run: object, state: object) -> None:
        found.append(Variable.get("nothing", default="none"))

    @flow(on_completion=[hook])
    def pipeline() -> None:
        return None

    pipeline()
    assert found == ["none"]


def test_a_variable_is_overwritten_only_when_that_is_wanted() -> None:
    Variable.set("rate", 1)
    with pytest.raises(ValueError, match=r"'rate' already exists\. Use `overwrite=True`"):
        Variable.set("rate", 2)
    assert Variable.set("rate", 2, overwrite=True).value == 2
    assert Variable.get("rate") == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Bad Name", 1, "Variable name must only contain lowercase letters"),
        ("x" * 300, 1, "at most 255"),
        ("x", object(), "must be serializable to JSON"),
        ("x", b"x", "must be serializable to JSON"),
        ("x", "y" * 5001, "must be less than 5000 characters"),
    ],
)
def test_an_unusable_variable_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        Variable.set(name, value)  # type: ignore[arg-type]


def test_asynchronous_code_awaits_and_synchronous_code_within_it_does_not() -> None:
    @flow
    def inner() -> int:
        value: int = Variable.get("n")
        return value

    @flow
    async def outer() -> tuple[int, int, int]:
        await Variable.aset("n", 1)
        first = await Variable.aget("n")
        Variable.set("n", first + 1, overwrite=True, _sync=True)
        return first, await Variable.get("n"), inner()

    assert asyncio.run(outer()) == (1, 2, 2)


def test_many_callers_share_one_client() -> None:
    Variable.set("n", 7)

    @task
    def read() -> int:
        value: int = Variable.get("n")
        return value

    @flow
    def many() -> list[int]:
        return [future.result() for future in [read.submit() for _ in range(20)]]

    assert many() == [7] * 20


def test_the_harness_has_variables_of_its_own() -> None:
    Variable.set("n", 1)
    with headrace_test_harness():
        assert Variable.get("n") is None
        Variable.set("n", 2)
    assert Variable.get("n") == 1


# -- artifacts -------------------------------------------------------------------------------------


def test_an_artifact_belongs_to_the_run_that_makes_it(book: Book) -> None:
    @task
    def make() -> UUID:
        made: UUID = create_table_artifact(table=[{"a": 1, "b": float("nan")}], key="rows")
        return made

    @flow
    def maker() -> UUID:
        create_markdown_artifact("# hello", key="text", description="a greeting")
        return make()

    made = maker()
    (flow_run,), (task_run,) = book.flow_runs(), book.task_runs()
    rows, text = Artifact.get("rows"), Artifact.get("text")
    assert rows is not None
    assert text is not None
    assert rows.id == made
    assert rows.data == '[{"a": 1, "b": null}]'
    assert (rows.flow_run_id, rows.task_run_id) == (
        UUID(bytes=flow_run["id"]),
        UUID(bytes=task_run["id"]),
    )
    assert (text.flow_run_id, text.task_run_id) == (rows.flow_run_id, None)
    assert (text.type, text.data, text.description) == ("markdown", "# hello", "a greeting")


def test_progress_is_updated(caplog: pytest.LogCaptureFixture) -> None:
    @flow
    def working() -> None:
        made = create_progress_artifact(progress=0.0, key="done", description="how far")
        update_progress_artifact(made, progress=12.5)
        assert Artifact.get("done").data == 12.5  # type: ignore[union-attr]
        update_progress_artifact(made, progress=150, description="further")

    working()
    found = Artifact.get("done")
    assert found is not None
    assert (found.data, found.description, found.type) == (100, "further", "progress")
    with pytest.raises(ObjectNotFound):
        update_progress_artifact(uuid4(), progress=1)


def test_links_images_and_others() -> None:
    @flow
    def maker() -> None:
        create_link_artifact(link="http://x", link_text="X", key="link")
        create_image_artifact(image_url="http://i", key="image")
        first, made = Artifact.get_or_create(key="other", data={"a": 1}, type="mine")
        again, made_again = Artifact.get_or_create(key="other", data={"a": 2})
        assert (made, made_again, first) == (True, False, again)

    maker()
    found = {key: Artifact.get(key) for key in ("link", "image", "other", "missing")}
    data = {key: None if value is None else value.data for key, value in found.items()}
    assert data == {"link": "[X](http://x)", "image": "http://i", "other": '{"a": 1}',
                    "missing": None}  # fmt: skip


async def test_artifacts_of_asynchronous_code() -> None:
    @flow
    async def maker() -> None:
        await create_markdown_artifact("one", key="text")
        await acreate_markdown_artifact("two", key="text")

    await maker()
    found = await Artifact.aget("text")
    assert found is not None
    assert found.data == "two"


def test_an_unusable_artifact_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="Artifact key must only contain"):
        create_markdown_artifact("x", key="Bad_Key")


def test_an_artifact_outside_of_every_run_belongs_to_none() -> None:
    create_markdown_artifact("x", key="loose")
    found = Artifact.get("loose")
    assert found is not None
    assert found.flow_run_id is None
