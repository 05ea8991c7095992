"""The life of a run, as the records tell it."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import threading
import traceback
from typing import Any

import pytest

from headrace import State, flow, task
from headrace.context import FlowRunContext, TaskRunContext, get_run_context
from headrace.exceptions import CrashedRun, FailedRun, InvalidOption, MissingContextError
from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    TaskRunChanged,
    TaskRunCreated,
)
from headrace.states import Completed, Failed
from headrace.utilities.annotations import quote
from tests.builders import EPOCH
from tests.run_kit import ListRecorder


def story(recorder: ListRecorder) -> list[str]:
    """The records in order, a word or two each."""
    names: dict[object, str] = {}
    told = []
    for record in recorder.records:
        match record:
            case FlowRunCreated() | TaskRunCreated():
                names[record.id] = (
                    record.name if isinstance(record, TaskRunCreated) else record.flow_name
                )
                told.append(f"{names[record.id]}: {record.state.name}")
            case FlowRunChanged() | TaskRunChanged():
                told.append(f"{names[record.id]}: {record.state.name}")
            case LogLine():
                told.append(record.message.partition("'")[0].strip())
    return told


@task
def step(value: int = 0) -> int:
    return value


@task
def broken() -> None:
    raise ValueError("no")


def test_the_end_of_a_flow_run_comes_last_and_is_flushed(recorder: ListRecorder) -> None:
    @flow
    def inner() -> None:
        step()

    @flow
    def outer() -> None:
        inner()
        step.submit()

    outer()
    assert story(recorder) == [
        "outer: Pending",
        "Created flow run",
        "outer: Running",
        "inner: Pending",
        "Created subflow run",
        "inner: Running",
        "step: Running",
        "Finished in state Completed()",
        "step: Completed",
        "Finished in state Completed()",
        "inner: Completed",
        "step: Pending",
        "step: Running",
        "Finished in state Completed()",
        "step: Completed",
        "Finished in state Completed()",
        "outer: Completed",
    ]
    assert recorder.flushes == [len(recorder.records)]


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_what_ends_the_process_crashes_the_runs(
    recorder: ListRecorder, ending: BaseException
) -> None:
    @task
    def die() -> None:
        raise ending

    @flow
    def pipeline() -> None:
        die()

    with pytest.raises(type(ending)):
        pipeline()
    assert [line for line in story(recorder) if "Crashed" in line and ":" in line] == [
        "die: Crashed",
        "pipeline: Crashed",
    ]
    assert recorder.flushes == [len(recorder.records)]


def test_a_crashed_flow_takes_its_submitted_tasks_along(recorder: ListRecorder) -> None:
    gate = threading.Event()

    @task
    def held() -> None:
        gate.wait(30)

    futures = []

    @flow
    def pipeline() -> None:
        futures.append(held.submit())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline()
    assert futures[0].state.name == "Crashed"
    count = len(recorder.records)
    gate.set()
    assert "held: Crashed" in story(recorder)
    assert len(recorder.records) == count


async def test_a_cancelled_flow_is_crashed(recorder: ListRecorder) -> None:
    started = asyncio.Event()

    @task
    async def wait() -> None:
        started.set()
        await asyncio.Event().wait()

    @flow
    async def pipeline() -> None:
        await wait()

    running = asyncio.ensure_future(pipeline())
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert story(recorder)[-1] == "pipeline: Crashed"


def test_a_returned_state_is_the_runs(recorder: ListRecorder) -> None:
    @task
    def judge(good: bool) -> State[int] | State[None]:
        return Completed("well done", data=5) if good else Failed("not well done")

    @flow
    def pipeline() -> State[Any]:
        # A call gives what the function returned; a future, the result.
        assert str(judge(True)) == "Completed('well done')"
        result: Any = judge.submit(True).result()
        assert result == 5
        with pytest.raises(FailedRun, match="not well done"):
            judge(False)
        return judge(False, return_state=True)

    state = pipeline(return_state=True)
    assert str(state) == "Failed('1/1 states failed.')"
    with pytest.raises(FailedRun, match="not well done"):
        state.result()


def test_states_that_a_task_returns_have_to_be_completed(recorder: ListRecorder) -> None:
    @task
    def judge(*states: Any) -> list[Any]:
        return list(states)

    @flow
    def pipeline() -> None:
        # Marked, or the states among the arguments would be taken for their results.
        good: Any = quote(Completed())
        bad: Any = quote(Failed("no"))
        assert len(judge(good, good)) == 2
        with pytest.raises(FailedRun):
            judge(good, bad)
        state = judge(good, bad, return_state=True)
        assert (state.is_failed(), state.message) == (True, "1/2 states failed.")

    pipeline()


def test_a_returned_state_is_entered_when_it_is_returned(
    recorder: ListRecorder,
) -> None:
    done: State[None] = Completed("nothing to do")
    done.micros = 0

    @task
    def skip() -> State[None]:
        return done

    @flow
    def pipeline() -> None:
        skip(return_state=True)

    pipeline()
    times = [
        record.state.timestamp
        for record in recorder.records
        if isinstance(record, TaskRunCreated | TaskRunChanged)
    ]
    assert times == [EPOCH, EPOCH]
    assert done.micros == 0


def test_nothing_begins_within_a_flow_that_has_crashed(recorder: ListRecorder) -> None:
    context = contextvars.copy_context()

    @flow
    def pipeline() -> None:
        nonlocal context
        context = contextvars.copy_context()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline()
    count = len(recorder.records)
    for call in (step, step.submit, flow(step.fn)):
        with pytest.raises(CrashedRun, match="has crashed: nothing more can run within it"):
            context.run(call)
    assert len(recorder.records) == count


def test_a_task_in_another_thread_does_not_try_again_once_its_flow_has_crashed(
    recorder: ListRecorder,
) -> None:
    gate, started, attempts = threading.Event(), threading.Event(), []

    @task(retries=3)
    def held() -> None:
        attempts.append(1)
        started.set()
        gate.wait(30)
        raise ValueError

    @task
    def outer() -> None:
        held()

    threads: list[threading.Thread] = []

    @flow
    def pipeline() -> None:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(outer,), kwargs={"return_state": True})
        thread.start()
        threads.append(thread)
        started.wait(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline()
    ended = story(recorder)
    assert [line for line in ended if line.endswith(": Crashed")] == [
        "held: Crashed",
        "outer: Crashed",
        "pipeline: Crashed",
    ]
    gate.set()
    threads[0].join()
    assert attempts == [1]
    assert story(recorder) == ended


def test_a_returned_future_is_waited_for(recorder: ListRecorder) -> None:
    @flow
    def pipeline(good: bool) -> Any:
        return step.submit(3) if good else [step.submit(1), broken.submit()]

    assert pipeline(True).result() == 3
    state = pipeline(False, return_state=True)
    assert str(state) == "Failed('1/2 states failed.')"
    with pytest.raises(ValueError, match="no"):
        pipeline(False)


def test_a_user_exception_keeps_its_traceback_without_ours(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        broken()

    with pytest.raises(ValueError, match="no") as caught:
        pipeline()
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == ["pipeline", "broken"]


def test_what_led_to_a_users_error_is_shown_without_our_frames(recorder: ListRecorder) -> None:
    @flow
    def inner() -> None:
        broken()

    @flow
    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise KeyError("outer") from error

    error: Any = outer(return_state=True).result(raise_on_failure=False)
    for each, names in ((error, ["outer"]), (error.__cause__, ["outer", "inner", "broken"])):
        assert [frame.name for frame in traceback.extract_tb(each.__traceback__)] == names
    (logged,) = [
        record.message
        for record in recorder.records
        if isinstance(record, LogLine) and "KeyError: 'outer'\nTraceback" in record.message
    ]
    assert "/headrace/" not in logged


def test_a_traceback_is_logged_once_however_many_runs_it_passes(recorder: ListRecorder) -> None:
    @flow
    def inner() -> None:
        broken()

    @flow
    def outer() -> None:
        inner()

    with pytest.raises(ValueError, match="no"):
        outer()
    messages = [record.message for record in recorder.records if isinstance(record, LogLine)]
    assert sum("Traceback" in message for message in messages) == 1


def test_stop_iteration_is_an_exception_like_any_other(recorder: ListRecorder) -> None:
    @task
    def exhausted() -> None:
        next(iter([]))

    @flow
    def pipeline() -> None:
        with pytest.raises(StopIteration):
            exhausted()
        exhausted()

    with pytest.raises(StopIteration):
        pipeline()


def test_retries_of_an_asynchronous_task(recorder: ListRecorder) -> None:
    attempts = []

    @task(retries=2, retry_delay_seconds=3600)
    async def flaky() -> int:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError
        return len(attempts)

    @flow
    async def pipeline() -> int:
        return await flaky()

    assert asyncio.run(pipeline()) == 3


def test_the_code_of_a_run_can_see_it(recorder: ListRecorder) -> None:
    seen: list[Any] = []

    @task
    def look(value: int) -> None:
        run = TaskRunContext.get()
        assert run is not None
        assert run is get_run_context()
        assert copy.copy(run).task_run is run.task_run
        outer = FlowRunContext.get()
        assert outer is not None
        assert outer is FlowRunContext.get()
        assert outer.flow_run is run.task_run.flow_run
        seen.append(
            (run.task_run.name, run.parameters, outer.flow_run.name, str(run.task_run.state))
        )

    @flow
    def pipeline() -> str:
        look(3)
        look.submit(4).result()
        run = FlowRunContext.get()
        assert run is get_run_context()
        assert run is not None
        assert (run.flow, run.parameters) == (pipeline, {})
        return run.flow_run.name

    name = pipeline()
    assert seen == [
        ("look", {"value": 3}, name, "Running()"),
        ("look-1", {"value": 4}, name, "Running()"),
    ]
    assert FlowRunContext.get() is None
    assert TaskRunContext.get() is None
    with pytest.raises(MissingContextError):
        get_run_context()


def test_methods_can_be_tasks_and_flows(recorder: ListRecorder) -> None:
    class Pipeline:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        @task
        def scale(self, value: int) -> int:
            return value * self.factor

        @flow
        def run(self, value: int) -> int:
            return self.scale(value) + self.scale.submit(value).result()

        @staticmethod
        @task
        def double(value: int) -> int:
            return value * 2

    assert Pipeline(10).run(2) == 40
    assert Pipeline.double(4) == 8


def test_options_can_be_changed_for_some_calls(recorder: ListRecorder) -> None:
    other = step.with_options(name="other step", tags=["b", "a"])
    assert other(5) == 5
    created = recorder.records[0]
    assert isinstance(created, TaskRunCreated)
    assert (created.task_name, created.tags) == ("other step", ["a", "b"])
    assert (other.fn, step.name) == (step.fn, "step")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"retries": -1}, "retries=-1: use a whole number"),
        ({"retries": 1.5}, r"retries=1\.5"),
        ({"retry_delay_seconds": -1}, "retry_delay_seconds=-1"),
        ({"retry_delay_seconds": [1, "x"]}, "retry_delay_seconds="),
        ({"timeout_seconds": -1}, "timeout_seconds=-1.0: use more than 0"),
        ({"timeout_seconds": float("inf")}, "timeout_seconds=inf"),
        ({"tags": [""]}, r"tags=\[''\]: use a list of texts of 1 to 1,024 characters"),
        ({"tags": ["x" * 1025]}, r"tags=\['xxx"),
        ({"tags": [5]}, r"tags=\[5\]"),
        ({"tags": "nightly"}, "tags='nightly'"),
        ({"tags": 5}, "tags=5"),
        ({"version": 3}, "version=3: use text"),
        ({"timeout_seconds": "x"}, "timeout_seconds='x': use a number of seconds"),
        ({"log_prints": "maybe"}, "log_prints='maybe': use True, False or None"),
        ({"persist_result": "yes"}, "persist_result='yes': use True, False or None"),
        ({"persist_result": 2}, "persist_result=2: use True, False or None"),
        ({"cache_result_in_memory": "no"}, "cache_result_in_memory='no': use True, False or None"),
        ({"result_serializer": 5}, "result_serializer=5: use a serializer"),
        ({"result_storage": 5}, "result_storage=5: use a folder, an address"),
        ({"description": 5}, "description=5: use text"),
        ({"name": "x" * 1025}, "name has 1 to 1,024 characters"),
    ],
)
def test_unusable_options_are_refused_at_once(options: dict[str, Any], problem: str) -> None:
    for decorator in (task, flow):
        with pytest.raises(InvalidOption, match=problem) as caught:
            decorator(**options)(lambda: None)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"cache_expiration": 5}, "cache_expiration=5: use a timedelta"),
        ({"cache_policy": "INPUTS"}, "cache_policy='INPUTS': use a policy of headrace"),
        ({"cache_policy": 5, "persist_result": False}, "cache_policy=5: use a policy"),
        ({"refresh_cache": "always"}, "refresh_cache='always': use True, False or None"),
        ({"result_storage_key": 5}, "result_storage_key=5: use text"),
        ({"retry_jitter_factor": "some"}, "retry_jitter_factor='some': use a number"),
        ({"asset_deps": "s3://x"}, "asset_deps='s3://x': use a list of assets"),
    ],
)
def test_options_of_tasks_alone(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidOption, match=f"task 't': {problem}"):
        task(name="t", **options)(lambda: None)
    with pytest.raises(InvalidOption, match=f"task 'step': {problem}"):
        step.with_options(**options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"task_runner": "threads"}, "task_runner='threads': use a task runner"),
        ({"validate_parameters": "yes"}, "validate_parameters='yes': use True, False or None"),
    ],
)
def test_options_of_flows_alone(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidOption, match=f"flow 'f': {problem}"):
        flow(name="f", **options)(lambda: None)


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"retry_delay_seconds": {}}, TypeError, "must be an int, float, list or callable"),
        ({"retry_delay_seconds": [1] * 51}, ValueError, "more than 50 retry delays"),
        ({"retry_delay_seconds": lambda n: [0] * 51}, ValueError, "more than 50 retry delays"),
        ({"retry_jitter_factor": -1}, ValueError, "`retry_jitter_factor` must be >= 0"),
        ({"cache_key_fn": "key"}, TypeError, "`cache_key_fn` to be callable, got str"),
        ({"retry_condition_fn": 3}, TypeError, "`retry_condition_fn` to be callable, got int"),
        ({"task_run_name": 3}, TypeError, "string or callable for 'task_run_name'; got int"),
        ({"on_failure": print}, TypeError, "Expected iterable for 'on_failure'; got builtin"),
        ({"on_failure": [3]}, TypeError, "Expected callables in 'on_failure'; got int instead"),
    ],
)
def test_options_that_python_itself_would_refuse(
    options: dict[str, Any], error: type[Exception], problem: str
) -> None:
    with pytest.raises(error, match=problem) as caught:
        task(**options)(lambda: None)
    assert type(caught.value) is error


def test_unknown_options_are_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"task\(\) got an unexpected keyword argument 'retrys'"):
        task(retrys=3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="'retrys'"):
        step.with_options(retrys=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'fn' must be callable"):
        task("fetch")  # type: ignore[call-overload]


def test_hooks_of_all_kinds(recorder: ListRecorder) -> None:
    calls: list[str] = []

    async def slow_hook(owner: Any, run: Any, state: State[Any]) -> None:
        await asyncio.sleep(0)
        calls.append(f"{owner.name} {state.name} {run.state.name}")

    def hook(owner: Any, run: Any, state: State[Any]) -> None:
        calls.append(f"{owner.name} {state.name}")

    @task(on_completion=[hook, slow_hook])
    def good() -> None: ...

    @flow(on_crashed=[hook], on_running=[hook])
    def pipeline() -> None:
        good()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline()
    assert calls == [
        "pipeline Running",
        "good Completed",
        "good Completed Completed",
        "pipeline Crashed",
    ]


def test_many_coroutines_of_one_task_keep_their_runs_apart(recorder: ListRecorder) -> None:
    @task
    async def name() -> str:
        await asyncio.sleep(0)
        run = TaskRunContext.get()
        assert run is not None
        return run.task_run.name

    @flow
    async def pipeline() -> list[str]:
        return await asyncio.gather(*(name() for _ in range(200)))

    names = asyncio.run(pipeline())
    assert sorted(names) == sorted(["name", *(f"name-{n}" for n in range(1, 200))])


def test_flows_in_threads_are_runs_of_their_own(recorder: ListRecorder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    @flow
    def pipeline(value: int) -> int:
        return step.submit(value).result()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pipeline, range(40))) == list(range(40))
    created = [record for record in recorder.records if isinstance(record, FlowRunCreated)]
    assert len(created) == 40
    assert {record.parent_flow_run_id for record in created} == {None}


def test_futures_as_arguments_of_subflows(recorder: ListRecorder) -> None:
    @flow
    def inner(values: list[int]) -> int:
        return sum(values)

    @flow
    def outer() -> int:
        futures: Any = [step.submit(1), step.submit(2)]
        return inner(futures)

    assert outer() == 3


def test_tasks_are_pickled_by_name(recorder: ListRecorder) -> None:
    assert pickle.loads(pickle.dumps(step)) is step
    assert copy.copy(step.with_options(name="other")).name == "other"
