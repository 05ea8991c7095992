"""What is done together, and undone together."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from headrace import flow, task
from headrace.exceptions import ConfigurationError
from headrace.locking.memory import MemoryLockManager
from headrace.records import TaskRunChanged
from headrace.results import ResultStore
from headrace.states import Failed
from headrace.transactions import (
    CommitMode,
    IsolationLevel,
    Transaction,
    TransactionState,
    atransaction,
    get_transaction,
    transaction,
)
from tests.run_kit import ListRecorder

events: list[str] = []


@pytest.fixture(autouse=True)
def _no_events(recorder: ListRecorder) -> None:
    events.clear()


def step(name: str) -> Any:
    """A task that tells of what becomes of it."""

    def body(fails: bool = False) -> str:
        transaction = get_transaction()
        assert transaction is not None
        transaction.set("name", name)
        events.append(f"run {name}")
        if fails:
            raise ValueError(name)
        return name

    def committed(transaction: Transaction) -> None:
        events.append(f"commit {transaction.get('name')}")

    def rolled_back(transaction: Transaction) -> None:
        events.append(f"undo {transaction.get('name')}")

    return task(name=name, on_commit=[committed], on_rollback=[rolled_back])(body)


A, B, C = step("a"), step("b"), step("c")


def run(body: Any) -> None:
    """Run `body` in a flow, and tell if it raised."""
    try:
        flow(body)()
    except ValueError:
        events.append("raised")


def test_tasks_in_a_block_commit_together_at_its_end() -> None:
    def body() -> None:
        with transaction():
            A()
            B()
            events.append("end of the block")

    run(body)
    assert events == ["run a", "run b", "end of the block", "commit a", "commit b"]


def test_a_failure_undoes_what_was_done_the_last_first() -> None:
    def body() -> None:
        with transaction():
            A()
            B()
            C(fails=True)

    run(body)
    assert events == ["run a", "run b", "run c", "undo b", "undo a", "raised"]


def test_outside_of_blocks_each_task_commits_by_itself() -> None:
    def body() -> None:
        A()
        B(fails=True)

    run(body)
    assert events == ["run a", "commit a", "run b", "raised"]


def test_an_inner_block_leaves_its_end_to_the_outer_one() -> None:
    def body() -> None:
        with transaction() as outer:
            with transaction() as inner:
                A()
            assert inner.is_active()
            assert outer.children == [inner]
            B(fails=True)

    run(body)
    assert events == ["run a", "run b", "undo a", "raised"]


def test_an_eager_block_is_final_whatever_comes() -> None:
    def body() -> None:
        with transaction():
            with transaction(commit_mode=CommitMode.EAGER) as inner:
                A()
            assert inner.is_committed()
            B(fails=True)

    run(body)
    assert events == ["run a", "commit a", "run b", "raised"]


def test_a_block_that_is_off_is_undone_unless_it_is_committed() -> None:
    def body() -> None:
        with transaction(commit_mode=CommitMode.OFF):
            A()
        with transaction(commit_mode=CommitMode.OFF) as second:
            B()
            assert second.commit()
            assert not second.commit()

    run(body)
    assert events == ["run a", "undo a", "run b", "commit b"]


def test_a_failure_that_is_caught_within_undoes_the_block_at_once() -> None:
    def body() -> None:
        with transaction() as block:
            A()
            B.submit(fails=True).wait()
            events.append(str(block.state))

    run(body)
    assert events == ["run a", "run b", "undo a", "TransactionState.ROLLED_BACK"]


def test_tasks_that_a_failing_task_called_are_undone() -> None:
    @task
    def outer() -> None:
        A()
        raise ValueError

    run(lambda: outer())
    assert events == ["run a", "undo a", "raised"]


def test_submitted_tasks_belong_to_the_block() -> None:
    def body() -> None:
        with transaction():
            A.submit().wait()
            B(fails=True)

    run(body)
    assert events == ["run a", "run b", "undo a", "raised"]


def test_a_returned_failure_undoes_the_task_itself() -> None:
    @task(on_rollback=[lambda transaction: events.append("undone")])
    def fails() -> Any:
        return Failed(message="no")

    fails.submit().wait()
    assert events == ["undone"]


def test_values_are_copies_and_come_from_around() -> None:
    with transaction() as outer:
        outer.set("list", [1])
        with transaction() as inner:
            inner.get("list").append(2)
            assert inner.get("list") == [1]
            inner.set("list", [3])
            assert (inner.get("list"), outer.get("list")) == ([3], [1])
            assert inner.get("other", None) is None
            with pytest.raises(ValueError, match="Could not retrieve value for unknown key: x"):
                inner.get("x")


def test_what_is_rolled_back_is_recorded_after_its_end(recorder: ListRecorder) -> None:
    def body() -> None:
        with transaction():
            A()
            raise ValueError

    run(body)
    changes = [record for record in recorder.records if isinstance(record, TaskRunChanged)]
    assert [change.state.name for change in changes][-2:] == ["Completed", "RolledBack"]
    assert changes[-1].state.message == "Task rolled back as part of transaction"


def test_a_key_is_committed_once(tmp_path: Path) -> None:
    def attempt(value: int, **options: Any) -> list[object]:
        with transaction(key="once", **options) as block:
            seen = block.is_committed()
            block.stage(value)
        record = block.read()
        assert record is not None
        return [seen, record.result]

    store = ResultStore()
    assert attempt(1, store=store) == [False, 1]
    assert attempt(2, store=store) == [True, 1]
    assert attempt(3, store=store, overwrite=True) == [False, 3]
    assert flow(lambda: attempt(4))() == [True, 3]


def test_nothing_is_kept_that_is_rolled_back() -> None:
    store = ResultStore()

    def fail() -> None:
        with transaction(key="k", store=store) as block:
            block.stage(1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not store.exists("k")
    with transaction(key="k", store=store, write_on_commit=False) as block:
        block.stage(1)
    assert block.is_committed()
    assert not store.exists("k")


def test_serializable_needs_locks_and_holds_them() -> None:
    with (
        pytest.raises(ConfigurationError, match="Isolation level SERIALIZABLE is not supported"),
        transaction(key="k", store=ResultStore(), isolation_level=IsolationLevel.SERIALIZABLE),
    ):
        pass
    locks = MemoryLockManager()
    store = ResultStore(lock_manager=locks)
    with transaction(key="k", store=store, isolation_level=IsolationLevel.SERIALIZABLE) as block:
        assert locks.is_locked("k")
        block.stage(1)
        with pytest.raises(RuntimeError, match="it is locked by another holder"):
            store.write(2, key="k")
    assert not locks.is_locked("k")
    assert store.read("k").result == 1


def test_a_commit_hook_that_raises_undoes_the_block(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(transaction: Transaction) -> None:
        raise ValueError("no")

    refusing = A.with_options(on_commit=[refuse])

    def body() -> None:
        with transaction():
            refusing()
        events.append("went on")

    run(body)
    assert events == ["run a", "undo a", "went on"]


def test_a_rollback_hook_that_raises_does_not_hide_the_error() -> None:
    def refuse(transaction: Transaction) -> None:
        raise KeyError("no")

    refusing = A.with_options(on_rollback=[refuse])

    def body() -> None:
        with transaction():
            refusing()
            raise ValueError

    run(body)
    assert events == ["run a", "raised"]


def test_without_any_transaction_there_is_none() -> None:
    assert get_transaction() is None
    assert TransactionState.PENDING == "PENDING"
    assert str(CommitMode.LAZY) == "CommitMode.LAZY"
    assert Transaction().is_pending()


async def test_asynchronous_blocks(tmp_path: Path) -> None:
    @task
    async def work(name: str) -> None:
        events.append(f"run {name}")

    @work.on_rollback
    async def undo(transaction: Any) -> None:
        events.append(f"undo, {type(transaction).__name__}")

    @flow
    async def pipeline() -> None:
        async with atransaction(key="a") as block:
            await work("a")
            block.stage(1)
        async with atransaction(key="a") as again:
            record = await again.read()
            assert record is not None
            events.append(f"{again.is_committed()} {record.result}")
        async with atransaction():
            await work("b")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # the only one raised here
        await pipeline()
    assert events == ["run a", "True 1", "run b", "undo, AsyncTransaction"]


def test_hooks_are_told_of(recorder: ListRecorder, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("own")
    caplog.set_level(logging.INFO, logger="own")
    with transaction(logger=log) as block:
        block.stage(1, on_commit_hooks=[lambda transaction: events.append("hook")])
    assert events == ["hook"]
    assert [record.getMessage() for record in caplog.records] == [
        "Running commit hook '<lambda>'",
        "Commit hook '<lambda>' finished running successfully",
    ]
