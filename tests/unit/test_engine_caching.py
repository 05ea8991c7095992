"""Keeping results for later calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace import flow, task
from headrace.engine.caching import hash_arguments
from headrace.records import LogLine
from headrace.results import Kept, ResultStore
from headrace.tasks import task_input_hash
from tests.run_kit import ListRecorder


def hash_of(recorder: ListRecorder, value: object) -> str | None:
    """The hash of a call with one argument."""
    hashes: list[str | None] = []

    @task(cache_key_fn=lambda run, arguments: hashes.append(hash_arguments(run, arguments)))
    def probe(value: object) -> None: ...

    probe(value)
    return hashes[0]


@pytest.mark.parametrize(
    ("make", "others"),
    [
        (lambda: [1, 2], [(1, 2), [2, 1], [1, 2, 3], [[1], 2], [1.0, 2], [True, 2], "[1, 2]"]),
        (lambda: {"a": 1, "b": 2}, [{"a": 2, "b": 1}, {"a": 1}, [("a", 1), ("b", 2)]]),
        (lambda: {"x", "y", "z"}, [{"x", "y"}, frozenset({"x", "y", "z"})]),
        (lambda: "text", [b"text", "texts", "tex" + "T"]),
        (lambda: [["ab"], "c"], [["ab", "c"], [["a"], "bc"]]),
        (lambda: Path("a"), [Path("b"), "a"]),
        (lambda: None, [False, 0, "", "None"]),
    ],
)
def test_equal_arguments_have_one_hash_and_others_another(
    recorder: ListRecorder, make: Callable[[], object], others: list[object]
) -> None:
    own = hash_of(recorder, make())
    assert own == hash_of(recorder, make())
    assert own not in [hash_of(recorder, other) for other in others]


def test_the_order_of_a_dict_does_not_matter(recorder: ListRecorder) -> None:
    assert hash_of(recorder, {"a": 1, "b": 2}) == hash_of(recorder, {"b": 2, "a": 1})


def test_what_cannot_be_hashed_is_not_cached_and_named(recorder: ListRecorder) -> None:
    ran = []

    @task(cache_key_fn=task_input_hash)
    def use(lock: object) -> None:
        ran.append(1)

    @flow
    def pipeline() -> None:
        use(threading.Lock())
        use(threading.Lock())

    pipeline()
    assert len(ran) == 2
    messages = [record.message for record in recorder.records if isinstance(record, LogLine)]
    assert any("Argument 'lock' cannot be hashed, so nothing is cached" in m for m in messages)


def test_two_tasks_never_share_a_result(recorder: ListRecorder) -> None:
    @task(cache_key_fn=lambda run, arguments: "always the same")
    def first() -> int:
        return 1

    @task(cache_key_fn=lambda run, arguments: "always the same")
    def second() -> int:
        return 2

    assert (first(), second(), first(), second()) == (1, 2, 1, 2)


def test_failures_are_not_kept(recorder: ListRecorder) -> None:
    ran: list[int] = []

    @task(cache_key_fn=task_input_hash)
    def flaky() -> int:
        ran.append(1)
        if len(ran) == 1:
            raise OSError
        return len(ran)

    with pytest.raises(OSError):  # noqa: PT011  # the only one raised here
        flaky()
    assert (flaky(), flaky(), len(ran)) == (2, 2, 2)


def test_a_result_that_cannot_be_kept_is_returned_all_the_same(recorder: ListRecorder) -> None:
    @task(cache_key_fn=task_input_hash)
    def lock() -> Any:
        return threading.Lock()

    assert lock() is not lock()
    messages = [record.message for record in recorder.records if isinstance(record, LogLine)]
    assert any(m.startswith("The result cannot be cached: TypeError") for m in messages)


def test_a_key_function_that_raises_only_costs_the_cache(recorder: ListRecorder) -> None:
    @task(cache_key_fn=lambda run, arguments: str(1 / 0))
    def step() -> int:
        return 1

    assert step() == 1
    messages = [record.message for record in recorder.records if isinstance(record, LogLine)]
    assert any("Its cache_key_fn raised ZeroDivisionError" in m for m in messages)


def test_kept_results_are_copies(recorder: ListRecorder) -> None:
    @task(cache_key_fn=task_input_hash)
    def numbers() -> list[int]:
        return [1]

    numbers().append(2)
    assert numbers() == [1]


def test_a_damaged_file_means_running_anew(recorder: ListRecorder, tmp_path: Path) -> None:
    @task(cache_key_fn=task_input_hash)
    def step() -> int:
        return 1

    step()
    (file,) = (tmp_path / "results").iterdir()
    file.write_bytes(b"garbage")
    assert step() == 1
    messages = [record.message for record in recorder.records if isinstance(record, LogLine)]
    assert any(m.startswith("A cached result cannot be read") for m in messages)


def test_the_store(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "new")
    assert store.load("k", now=0) is None
    store.save("k", None, expires=100)
    assert store.load("k", now=99) == Kept(None)
    assert store.load("k", now=100) is None
    store.save("k", [2], expires=None)
    assert store.load("k", now=10**18) == Kept([2])
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["k"]
