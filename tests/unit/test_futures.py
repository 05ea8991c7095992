"""Futures, and the threads that submitted tasks run in."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from headrace import flow, task
from headrace.exceptions import (
    MappingLengthMismatch,
    MappingMissingIterable,
    ParameterBindError,
    UnfinishedRun,
    UpstreamTaskError,
)
from headrace.futures import HeadraceFuture, as_completed, wait
from headrace.task_runners import ThreadPoolTaskRunner
from headrace.threads import WorkerPool, blocking
from tests.run_kit import ListRecorder

pytestmark = pytest.mark.usefixtures("recorder")


@task
def give(value: Any) -> Any:
    return value


@task
def fail() -> None:
    raise ValueError("no")


class Gate:
    """A task that does not end before the test lets it."""

    def __init__(self) -> None:
        self.open = threading.Event()

        @task
        def held(value: int = 0) -> int:
            assert self.open.wait(30)
            return value

        self.task = held


def test_a_future_before_and_after() -> None:
    gate = Gate()

    @flow
    def pipeline() -> None:
        future = gate.task.submit(3)
        assert not future.done()
        assert future.state.name in {"Pending", "Running"}
        with pytest.raises(TimeoutError, match=r"did not complete within 0\.01 seconds"):
            future.result(timeout=0.01)
        done, not_done = wait([future], timeout=0.01)
        assert (done, not_done) == (set(), {future})
        gate.open.set()
        assert future.result(timeout=30) == 3
        assert (future.done(), future.state.name, future.name) == (True, "Completed", "held")

    pipeline()


def test_a_failed_future() -> None:
    @flow
    def pipeline() -> None:
        future = fail.submit()
        with pytest.raises(ValueError, match="no"):
            future.result()
        assert isinstance(future.result(raise_on_failure=False), ValueError)
        future.wait()  # raises nothing
        assert future.state.is_failed()

    pipeline()


def test_callbacks_are_called_with_the_ended_future() -> None:
    seen = []

    def look(future: HeadraceFuture[Any]) -> None:
        seen.append(future.state.name)
        raise RuntimeError("nobody is harmed by this")

    @flow
    def pipeline() -> None:
        gate = Gate()
        future = gate.task.submit()
        future.add_done_callback(look)
        gate.open.set()
        future.wait()
        future.add_done_callback(look)

    pipeline()
    assert seen == ["Completed", "Completed"]


def test_as_completed_gives_up_in_time() -> None:
    @flow
    def pipeline() -> None:
        gate = Gate()
        quick = give.submit(1)
        futures = as_completed([quick, gate.task.submit()], timeout=0.2)
        assert next(futures) is quick
        with pytest.raises(TimeoutError, match=r"1 \(of 2\) futures unfinished"):
            next(futures)
        gate.open.set()

    pipeline()


def test_a_task_whose_input_failed_never_starts(recorder: ListRecorder) -> None:
    started = []

    @task
    def use(value: object) -> None:
        started.append(value)

    @flow
    def pipeline() -> None:
        bad = fail.submit()
        late = use.submit({"deep": [bad]})
        with pytest.raises(UnfinishedRun, match="in PENDING state") as caught:
            late.result()
        upstream = caught.value.__cause__
        assert isinstance(upstream, UpstreamTaskError)
        assert upstream.__notes__[0].startswith("upstream task run 'fail' ended in state Failed(")
        assert isinstance(upstream.__cause__, ValueError)
        assert (late.done(), late.state.name, late.state.is_failed()) == (True, "NotReady", False)
        with pytest.raises(UnfinishedRun):
            use(bad)
        with pytest.raises(UnfinishedRun):
            use.submit(1, wait_for=[bad]).result()
        ordered = use.submit(2, wait_for=[give.submit(1)])
        ordered.result()

    pipeline()
    assert started == [2]


def test_a_chain_longer_than_the_pool_does_not_block_it() -> None:
    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def pipeline() -> int:
        gate = Gate()
        value: HeadraceFuture[Any] = gate.task.submit(0)
        # Each waits for the one before; none may take the only thread while it does.
        for _ in range(50):
            value = give.submit(value)
        quick = give.submit("quick")
        gate.open.set()
        assert quick.result(timeout=30) == "quick"
        result: int = value.result(timeout=30)
        return result

    assert pipeline() == 0


def test_tasks_that_wait_for_tasks_do_not_block_the_pool() -> None:
    @task
    def descend(depth: int) -> int:
        return 0 if depth == 0 else descend.submit(depth - 1).result(timeout=30) + 1

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def pipeline() -> int:
        return descend(20)

    assert pipeline() == 20


def test_map_takes_futures_and_checks_lengths() -> None:
    @task
    def add(a: int, b: int = 0) -> int:
        return a + b

    @flow
    def pipeline() -> None:
        assert add.map([give.submit(1), give.submit(2)], b=give.submit([10, 20])).result() == [
            11,
            22,
        ]
        assert add.map((n for n in range(3)), 5).result() == [5, 6, 7]
        with pytest.raises(MappingLengthMismatch, match=r"Got lengths: \{'a': 2, 'b': 3\}"):
            add.map([1, 2], b=[1, 2, 3])
        with pytest.raises(MappingMissingIterable, match=r"Parameters: \{'a': 1, 'b': 2\}"):
            add.map(1, 2)
        with pytest.raises(ParameterBindError, match="'c'"):
            add.map([1], c=2)

    pipeline()


def test_a_wrong_call_is_refused_by_submit_itself() -> None:
    with pytest.raises(ParameterBindError, match="'give': missing"):
        give.submit()


@pytest.mark.parametrize("ending", [SystemExit(3), KeyboardInterrupt()])
def test_a_task_that_ends_the_program_does_so_where_it_is_waited_for(
    ending: BaseException,
) -> None:
    @task
    def leave() -> None:
        raise ending

    @flow
    def pipeline() -> None:
        future = leave.submit()
        for ask in (future.wait, future.result):
            with pytest.raises(type(ending)):
                ask()
        assert future.state.name == "Crashed"

    pipeline()


def test_nobody_waits_for_a_task_that_ends_the_program() -> None:
    @task
    def leave() -> None:
        raise SystemExit(3)

    @flow
    def pipeline() -> str:
        leave.submit()
        with pytest.raises(UnfinishedRun):
            give.submit(leave.submit()).result()
        return "went on"

    assert pipeline() == "went on"


def test_submitting_outside_of_a_flow() -> None:
    assert give.submit(give.submit(7)).result(timeout=30) == 7


# --- the pool itself --------------------------------------------------------------------------


def test_a_task_for_which_there_is_no_thread_has_crashed(
    recorder: ListRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    @task
    def identity(number: int) -> int:
        return number

    @flow
    def pipeline() -> tuple[str, int]:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            lost = identity.submit(1)
        return lost.state.name, identity.submit(2).result()

    assert pipeline() == ("Crashed", 2)


def test_a_pool_starts_no_more_threads_than_it_needs() -> None:
    pool = WorkerPool(8, "test")
    for _ in range(3):
        ended = threading.Event()
        pool.submit(ended.set)
        assert ended.wait(30)
    assert pool._threads <= 2
    pool.close()


def test_a_thread_that_waits_is_stood_in_for() -> None:
    pool = WorkerPool(1, "test")
    second = threading.Event()
    both = threading.Event()

    def first() -> None:
        pool.submit(second.set)
        with blocking():
            assert second.wait(30)
        both.set()

    pool.submit(first)
    assert both.wait(30)
    pool.close()


def test_every_job_runs_once_however_threads_come_and_go() -> None:
    pool = WorkerPool(2, "test")
    count = 300
    done: list[int] = []
    all_done = threading.Event()

    def job(number: int) -> None:
        if number % 3 == 0:
            with blocking():
                threading.Event().wait(0.0001)
        done.append(number)
        if len(done) == count:
            all_done.set()

    for number in range(count):
        pool.submit(lambda number=number: job(number))  # type: ignore[misc]
    assert all_done.wait(30)
    assert sorted(done) == list(range(count))
    pool.close()


@pytest.mark.parametrize("workers", [0, -1])
def test_a_pool_has_at_least_one_thread(workers: int) -> None:
    with pytest.raises(ValueError, match=f"max_workers={workers}"):
        ThreadPoolTaskRunner(max_workers=workers)
