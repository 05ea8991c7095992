"""Task runners, used by themselves and made by a flow's author."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from headrace import Task, flow, task, unmapped
from headrace.futures import HeadraceFuture, HeadraceFutureList
from headrace.task_runners import ConcurrentTaskRunner, TaskRunner, ThreadPoolTaskRunner
from tests.run_kit import ListRecorder


@task
def join(*words: str, end: str = ".", **more: str) -> str:
    return " ".join([*words, *more.values()]) + end


@task
def add(left: int, right: int = 1) -> int:
    return left + right


def test_used_by_itself(recorder: ListRecorder) -> None:
    with ThreadPoolTaskRunner(max_workers=2) as runner:
        first = runner.submit(add, {"left": 1})
        second = runner.submit(add, {"left": first, "right": 2}, wait_for=[first])
        mapped = runner.map(add, {"left": [1, 2], "right": unmapped(10)})
        words = runner.submit(join, {"words": ("a", "b"), "end": "!", "more": {"c": "c"}})
    # The end of the block has waited.
    assert all(future.done() for future in (first, second, *mapped, words))
    assert (second.result(), mapped.result(), words.result()) == (4, [11, 12], "a b c!")


def test_it_is_to_be_started_once(recorder: ListRecorder) -> None:
    runner = ThreadPoolTaskRunner()
    with pytest.raises(RuntimeError, match="Task runner is not started"):
        runner.submit(add, {"left": 1})
    with runner, pytest.raises(RuntimeError, match="already started"), runner:
        pass
    with runner:
        assert runner.submit(add, {"left": 1}).result() == 2


def test_an_error_in_the_block_ends_what_was_submitted(recorder: ListRecorder) -> None:
    gate = threading.Event()
    wait = task(gate.wait, name="wait")  # type: ignore[call-overload]
    runner = ThreadPoolTaskRunner(max_workers=1)
    runner.__enter__()
    futures = [runner.submit(wait, {}), runner.submit(wait, {})]
    runner.__exit__(KeyError, KeyError(), None)
    assert [future.state.name for future in futures] == ["Crashed", "Crashed"]
    gate.set()


def test_names_and_equality() -> None:
    assert ConcurrentTaskRunner is ThreadPoolTaskRunner
    assert ThreadPoolTaskRunner(3).duplicate() == ThreadPoolTaskRunner(3)
    assert ThreadPoolTaskRunner(3) != ThreadPoolTaskRunner(4)
    assert ThreadPoolTaskRunner().name == "threadpool"


def test_a_flow_takes_a_class_too(recorder: ListRecorder) -> None:
    @flow(task_runner=ThreadPoolTaskRunner)
    def pipeline() -> int:
        return add.submit(1).result()

    assert isinstance(pipeline.task_runner, ThreadPoolTaskRunner)
    assert pipeline() == 2


class Counting(ThreadPoolTaskRunner):
    """Remembers what it was asked to run."""

    seen: list[tuple[str, Mapping[str, Any]]] = []  # noqa: RUF012  # shared with the duplicates

    def submit(
        self,
        task: Task[..., Any],
        parameters: Mapping[str, Any],
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        dependencies: object = None,
    ) -> HeadraceFuture[Any]:
        self.seen.append((task.name, parameters))
        return super().submit(task, parameters, wait_for, dependencies)


def test_a_subclass_sees_each_task_of_its_flow(recorder: ListRecorder) -> None:
    @flow(task_runner=Counting())
    def pipeline() -> list[int]:
        return [add.submit(1).result(), *add.map([2, 3]).result()]

    Counting.seen.clear()
    assert pipeline() == [2, 3, 4]
    assert Counting.seen == [("add", {"left": left, "right": 1}) for left in (1, 2, 3)]


class Telling(ThreadPoolTaskRunner):
    """Tells what it is asked for."""

    told: list[str] = []  # noqa: RUF012  # shared with the duplicates

    def __enter__(self) -> Telling:
        self.told.append("begin")
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.told.append("end")

    def map(
        self, task: Task[..., Any], parameters: Mapping[str, Any], wait_for: object = None
    ) -> HeadraceFutureList[Any]:
        self.told.append(f"map {task.name}")
        return super().map(task, parameters, wait_for)


def test_a_subclass_may_be_around_each_run_of_its_flow(recorder: ListRecorder) -> None:
    @flow(task_runner=Telling)
    def pipeline() -> None:
        Telling.told.append("body")
        assert add.map([1, 2], right=unmapped(3)).result() == [4, 5]

    Telling.told.clear()
    pipeline()
    assert Telling.told == ["begin", "body", "map add", "end"]


class Alone(TaskRunner[HeadraceFuture[Any]]):
    """No more than what a subclass has to have."""

    def duplicate(self) -> Alone:
        return Alone()


def test_the_base_class_runs_tasks_in_threads(recorder: ListRecorder) -> None:
    @flow(task_runner=Alone)
    def pipeline() -> int:
        return add.submit(1).result()

    assert pipeline() == 2
