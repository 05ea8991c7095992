"""When a call gets the result of an earlier one, and when it does not."""

from __future__ import annotations

import asyncio
import datetime
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace import flow, task
from headrace.cache_policies import (
    DEFAULT,
    FLOW_PARAMETERS,
    INPUTS,
    NO_CACHE,
    RUN_ID,
    TASK_SOURCE,
    CachePolicy,
)
from headrace.filesystems import LocalFileSystem, RemoteFileSystem
from headrace.flows import Flow
from headrace.locking.memory import MemoryLockManager
from headrace.records import LogLine
from headrace.settings import temporary_settings
from headrace.tasks import Task, task_input_hash
from tests.run_kit import ListRecorder


def messages(recorder: ListRecorder) -> list[str]:
    return [record.message for record in recorder.records if isinstance(record, LogLine)]


def names_of(step: Task[..., Any], *calls: tuple[Any, ...], flows: int = 1) -> list[str]:
    """The names of the states that these calls end in, within each of `flows` flow runs."""

    @flow
    def pipeline() -> list[str]:
        return [step(*arguments, return_state=True).name for arguments in calls]

    return [name for _ in range(flows) for name in pipeline()]


def add(x: int, y: int = 0) -> int:
    return x + y


RUN, HIT = "Completed", "Cached"


@pytest.mark.parametrize(
    ("options", "within_one_flow_run", "in_the_next"),
    [
        ({}, RUN, RUN),
        ({"persist_result": True}, HIT, RUN),
        ({"persist_result": False}, RUN, RUN),
        ({"persist_result": True, "cache_policy": NO_CACHE}, RUN, RUN),
        ({"persist_result": False, "cache_policy": INPUTS}, RUN, RUN),
        ({"cache_policy": None}, RUN, RUN),
        ({"cache_policy": NO_CACHE}, RUN, RUN),
        ({"cache_policy": INPUTS}, HIT, HIT),
        ({"cache_policy": TASK_SOURCE + INPUTS}, HIT, HIT),
        ({"cache_policy": RUN_ID}, HIT, RUN),
        ({"cache_policy": DEFAULT}, HIT, RUN),
        ({"cache_policy": FLOW_PARAMETERS}, RUN, RUN),
        ({"cache_key_fn": task_input_hash}, HIT, HIT),
        ({"cache_key_fn": lambda run, arguments: None}, RUN, RUN),
        ({"result_storage_key": "sum-{parameters[x]}.json"}, HIT, HIT),
        ({"result_serializer": "json"}, HIT, RUN),
        ({"cache_policy": INPUTS, "refresh_cache": True}, RUN, RUN),
        ({"cache_policy": INPUTS, "cache_result_in_memory": False}, HIT, HIT),
    ],
)
def test_which_second_calls_are_hits(
    recorder: ListRecorder, options: dict[str, Any], within_one_flow_run: str, in_the_next: str
) -> None:
    step = Task(add, **options)
    found = names_of(step, (1, 2), (1, 2), flows=2)
    assert found == [RUN, within_one_flow_run, in_the_next, within_one_flow_run]


def test_a_flow_that_persists_has_tasks_that_do(recorder: ListRecorder) -> None:
    step = Task(add)

    @flow(persist_result=True)
    def pipeline(inner: bool) -> list[str]:
        own = [step(1, return_state=True).name for _ in range(2)]
        return own + (pipeline_within() if inner else [])

    @flow
    def pipeline_within() -> list[str]:
        return [step(1, return_state=True).name for _ in range(2)]

    assert pipeline(inner=True) == [RUN, HIT, RUN, HIT]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("results_persist_by_default", [RUN, HIT]),
        ("tasks_default_persist_result", [RUN, HIT]),
        ("tasks_refresh_cache", [RUN, RUN]),
    ],
)
def test_settings_decide_what_options_do_not(
    tmp_path: Path, setting: str, expected: list[str]
) -> None:
    from headrace.context import Environment, use_environment
    from headrace.settings import Settings
    from tests.run_kit import VirtualClock

    settings = msgspec.structs.replace(Settings(home=tmp_path), **{setting: True})
    with use_environment(Environment(settings, ListRecorder(), VirtualClock())):
        assert names_of(Task(add), (1,), (1,)) == expected
        assert names_of(Task(add, persist_result=False), (1,), (1,)) == [RUN, RUN]


@pytest.mark.parametrize(
    ("setting", "options", "policy"),
    [
        ("tasks_default_no_cache", {}, NO_CACHE),
        ("tasks_default_no_cache", {"cache_policy": INPUTS}, INPUTS),
        ("tasks_disable_caching", {"cache_policy": INPUTS}, NO_CACHE),
    ],
)
def test_settings_switch_policies_off(
    setting: str, options: dict[str, Any], policy: CachePolicy
) -> None:
    with temporary_settings({setting: True}):
        assert Task(add, **options).cache_policy == policy


def test_a_storage_that_nobody_else_could_find_is_refused() -> None:
    for define in (Task, Flow):
        with pytest.raises(TypeError, match=r"Please call `\.save\(\)` on your block"):
            define(add, result_storage=LocalFileSystem(basepath="x"))


def test_what_a_task_says_of_itself() -> None:
    assert (Task(add).cache_policy, Task(add).persist_result) == (DEFAULT, None)
    assert Task(add, cache_policy=INPUTS).persist_result is True
    assert Task(add, result_storage_key="x").cache_policy is None
    assert Task(add).with_options(cache_policy=INPUTS).cache_policy == INPUTS


def test_two_tasks_never_share_a_result(recorder: ListRecorder) -> None:
    ran: list[int] = []

    @task(cache_policy=INPUTS)
    def first(x: int) -> int:
        ran.append(1)
        return 1

    @task(cache_policy=INPUTS)
    def second(x: int) -> int:
        ran.append(2)
        return 2

    assert [first(0), second(0), first(0), second(0)] == [1, 2, 1, 2]
    assert ran == [1, 2]


def test_failures_are_not_kept(recorder: ListRecorder) -> None:
    ran: list[int] = []

    @task(cache_policy=INPUTS)
    def flaky(x: int) -> int:
        ran.append(1)
        if len(ran) == 1:
            raise OSError
        return len(ran)

    with pytest.raises(OSError):  # noqa: PT011  # the only one raised here
        flaky(0)
    assert (flaky(0), flaky(0), len(ran)) == (2, 2, 2)


def test_what_cannot_be_hashed_is_not_cached_and_named(recorder: ListRecorder) -> None:
    @task(cache_policy=INPUTS)
    def use(x: int, lock: object) -> None: ...

    use(1, threading.Lock())
    warnings = [m for m in messages(recorder) if "cached" in m]
    assert len(warnings) == 1
    assert warnings[0].startswith("Nothing is cached: argument 'lock' cannot be hashed: TypeError")

    leaves_it_out = use.with_options(cache_policy=INPUTS - "lock")
    calls = ((1, threading.Lock()), (1, threading.Lock()))
    assert names_of(leaves_it_out, *calls) == [RUN, HIT]


@pytest.mark.parametrize(
    "make", [threading.Lock, lambda: (i for i in range(3))], ids=["lock", "generator"]
)
def test_a_result_that_cannot_be_kept_is_returned_all_the_same(
    recorder: ListRecorder, make: Callable[[], Any]
) -> None:
    @task(cache_policy=INPUTS)
    def step(x: int) -> Any:
        return [make()]

    assert step(1)[0] is not step(1)[0]
    (warning, *_) = [m for m in messages(recorder) if "serializ" in m]
    assert "task 'step': the result, of type 'list', cannot be written by the serializer" in warning


def test_a_key_function_that_raises_only_costs_the_cache(recorder: ListRecorder) -> None:
    step = Task(add, cache_key_fn=lambda run, arguments: str(1 / 0))
    assert step(1) == 1
    assert any("its key cannot be made: ZeroDivisionError" in m for m in messages(recorder))


def test_results_read_from_storage_are_copies(recorder: ListRecorder) -> None:
    @task(cache_policy=INPUTS, cache_result_in_memory=False)
    def numbers(x: int) -> list[int]:
        return [x]

    @flow
    def pipeline() -> list[int]:
        numbers(1).append(2)
        return numbers(1)

    assert pipeline() == [1]


class Bomb:
    """Raises when it is read back."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


@pytest.mark.parametrize("damage", [b"garbage", b"", None, b'{"metadata": {}, "result": ""}'])
def test_a_damaged_result_is_computed_anew(
    recorder: ListRecorder, tmp_path: Path, damage: bytes | None
) -> None:
    @task(cache_policy=INPUTS)
    def step(x: int) -> Any:
        return Bomb() if damage is None else x

    step(1)
    (file,) = (tmp_path / "storage").iterdir()
    if damage is not None:
        file.write_bytes(damage)
    assert names_of(step, (1,)) == [RUN]
    if damage is None:
        assert any(
            m.startswith("A cached result cannot be read (ValueError") for m in messages(recorder)
        )


def test_half_a_result_is_computed_anew(recorder: ListRecorder, tmp_path: Path) -> None:
    step = Task(add, cache_policy=INPUTS)
    step(1)
    (file,) = (tmp_path / "storage").iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    assert names_of(step, (1,), (1,)) == [RUN, HIT]


def test_a_storage_that_cannot_be_written_costs_the_cache_alone(
    recorder: ListRecorder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    step = Task(add, cache_policy=INPUTS, result_storage=tmp_path / "file" / "deep")
    assert names_of(step, (1,), (1,)) == [RUN, RUN]
    assert any("An error was encountered while committing" in m for m in messages(recorder))


def test_a_storage_that_cannot_be_looked_into_is_told_of_once(
    recorder: ListRecorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    step = Task(add, cache_policy=INPUTS, result_storage=tmp_path / "file" / "deep")
    assert names_of(step, (1,), (1,)) == [RUN, RUN]
    told = [line for line in caplog.messages if "cannot be looked for" in line]
    (warning,) = told
    assert f"in {tmp_path / 'file' / 'deep'}: NotADirectoryError" in warning


def test_where_results_stand_and_what_they_look_like(
    recorder: ListRecorder, tmp_path: Path
) -> None:
    step = Task(
        add,
        result_storage=tmp_path / "out",
        result_serializer="json",
        result_storage_key="{flow_run.flow_name}-{task_run.name}-{parameters[x]}.json",
        cache_expiration=datetime.timedelta(days=1),
    )

    @flow(name="sums")
    def pipeline() -> int:
        return step(1, y=2)

    assert pipeline() == 3
    record = json.loads((tmp_path / "out" / "sums-add-1.json").read_bytes())
    assert record["result"] == "3"
    assert record["metadata"]["serializer"]["type"] == "json"
    assert record["metadata"]["storage_key"] == str(tmp_path / "out" / "sums-add-1.json")
    assert record["metadata"]["expiration"].startswith("20")


@pytest.mark.parametrize("storage", ["memory://bucket/cached", "file://{}/cached", "{}/cached"])
def test_any_storage_is_shared_by_those_who_name_it(
    recorder: ListRecorder, tmp_path: Path, storage: str
) -> None:
    step = Task(add, cache_policy=INPUTS, result_storage=storage.format(tmp_path))
    assert names_of(step, (1,), flows=2) == [RUN, HIT]


def test_keys_can_stand_apart_from_results(recorder: ListRecorder, tmp_path: Path) -> None:
    policy = INPUTS.configure(key_storage=str(tmp_path / "keys"))
    step = Task(add, cache_policy=policy)
    assert names_of(step, (1,), flows=2) == [RUN, HIT]
    (key,) = (tmp_path / "keys").iterdir()
    assert "result" not in json.loads(key.read_bytes())


def test_a_policy_of_ones_own(recorder: ListRecorder, tmp_path: Path) -> None:
    class Parity(CachePolicy):
        def compute_key(self, task_ctx: Any, inputs: Any, flow_parameters: Any, **_: Any) -> str:
            return f"{task_ctx.task.name}-{flow_parameters.get('n')}-{inputs['x'] % 2}"

    step = Task(add, cache_policy=Parity())
    assert names_of(step, (1,), (3,), (2,)) == [RUN, HIT, RUN]
    assert {file.name for file in (tmp_path / "storage").iterdir()} == {
        "add-None-0",
        "add-None-1",
    }


def test_a_key_longer_than_a_files_name_works(recorder: ListRecorder) -> None:
    step = Task(add, cache_key_fn=lambda run, arguments: "k" * 5000)
    assert names_of(step, (1,), (1,)) == [RUN, HIT]


def test_a_key_that_leads_out_of_the_storage_is_not_used(
    recorder: ListRecorder, tmp_path: Path
) -> None:
    step = Task(add, cache_key_fn=lambda run, arguments: "../../evil")
    assert step(1) == 1
    assert not (tmp_path.parent / "evil").exists()


async def test_asynchronous_tasks_are_cached_alike(recorder: ListRecorder) -> None:
    @task(cache_policy=INPUTS)
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    @flow
    async def pipeline() -> list[str]:
        return [(await double(2, return_state=True)).name for _ in range(2)]

    assert await pipeline() == [RUN, HIT]
    assert await double(2) == 4


def test_serializable_runs_with_one_key_compute_once(recorder: ListRecorder) -> None:
    ran: list[int] = []
    started = threading.Barrier(4, timeout=60)
    policy = INPUTS.configure(isolation_level="SERIALIZABLE", lock_manager=MemoryLockManager())

    @task
    def starter(x: int) -> int:
        started.wait()  # all four are there before any computes
        return step(x)

    @task(cache_policy=policy)
    def step(x: int) -> int:
        ran.append(x)
        return x

    @flow
    def pipeline() -> list[int]:
        return [future.result() for future in [starter.submit(1) for _ in range(4)]]

    assert pipeline() == [1] * 4
    assert ran == [1]
    assert not MemoryLockManager().is_locked("anything")


def test_a_failed_run_gives_its_key_back(recorder: ListRecorder) -> None:
    policy = INPUTS.configure(isolation_level="SERIALIZABLE", lock_manager=MemoryLockManager())
    ran: list[int] = []

    @task(cache_policy=policy, retries=1)
    def step(x: int) -> int:
        ran.append(x)
        if len(ran) < 3:
            raise ValueError
        return x

    with pytest.raises(ValueError):  # noqa: PT011  # the only one raised here
        step(1)
    assert step(1) == 1


def test_remote_results_are_found_by_their_address() -> None:
    storage = RemoteFileSystem(basepath="memory://bucket/found")
    storage.write_path("x", b"1")
    assert storage.read_path("memory://bucket/found/x") == b"1"


def test_a_run_whose_serializer_is_not_there_fails_before_its_code_runs(
    recorder: ListRecorder,
) -> None:
    calls = []

    @task(result_serializer="yaml")
    def step() -> None:
        calls.append("step")

    @flow(result_serializer="yaml")
    def whole() -> None:
        calls.append("whole")

    for state in (step(return_state=True), whole(return_state=True)):
        assert state.name == "Failed"
        assert state.message is not None
        assert "result_serializer='yaml': no serializer is named 'yaml'; there" in state.message
    assert calls == []


def test_a_key_that_cannot_be_locked_fails_the_run(recorder: ListRecorder) -> None:
    @task(cache_policy=INPUTS.configure(isolation_level="SERIALIZABLE"))
    def step(x: int) -> int:
        return x

    state = step(1, return_state=True)
    assert state.is_failed()
    assert "ConfigurationError: Isolation level SERIALIZABLE is not supported" in str(state.message)
