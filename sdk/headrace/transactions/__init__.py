"""Transactions: what is done together, and undone together.

    with transaction():
        write_file(path)     # its `on_rollback` hooks run if `check_file` raises
        check_file(path)     # its `on_commit` hooks run once both are done

A transaction with a key keeps a value under it when it commits; one with the same key then finds
it, and has nothing left to do. Every task run is a transaction of its own, within that of the code
that called it, and commits together with it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Self

from headrace.context import CURRENT_RUN, CURRENT_TRANSACTION, LiveFlowRun, LiveRun
from headrace.drivers import drive, drive_async
from headrace.logging import logger_of
from headrace.transactions.base import BaseTransaction, TransactionHook
from headrace.transactions.modes import CommitMode, IsolationLevel, TransactionState

if TYPE_CHECKING:
    from headrace.context import LiveTaskRun
    from headrace.results import ResultRecord, ResultStore
    from headrace.transactions.base import Logger

__all__ = [
    "AsyncTransaction",
    "BaseTransaction",
    "CommitMode",
    "IsolationLevel",
    "Transaction",
    "TransactionHook",
    "TransactionState",
    "atransaction",
    "get_transaction",
    "new_transaction",
    "transaction",
    "transaction_of",
]


class Transaction(BaseTransaction):
    """A transaction of synchronous code."""

    def __enter__(self) -> Self:
        drive(self._enter())
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            drive(self.leave_steps(error))
        finally:
            self.step_back()

    def begin(self) -> None:
        """Lock the key if need be, and see whether it is there already."""
        drive(self.begin_steps())

    def read(self) -> ResultRecord[Any] | None:
        """What is kept under the key."""
        return self._read_kept()

    def commit(self) -> bool:
        """Make it final; False if it has ended already, or the commit failed."""
        return drive(self.commit_steps())

    def rollback(self) -> bool:
        """Undo it; False if it has ended already, or a hook raised."""
        return drive(self.rollback_steps())


class AsyncTransaction(BaseTransaction):
    """A transaction of asynchronous code."""

    def __enter__(self) -> NoReturn:
        raise NotImplementedError(
            "AsyncTransaction does not support the `with` statement. Use the `async with` "
            "statement instead."
        )

    def __exit__(self, *raised: object) -> NoReturn:
        raise NotImplementedError("AsyncTransaction does not support the `with` statement.")

    async def __aenter__(self) -> Self:
        await drive_async(self._enter())
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            await drive_async(self.leave_steps(error))
        finally:
            self.step_back()

    async def begin(self) -> None:
        """Lock the key if need be, and see whether it is there already."""
        await drive_async(self.begin_steps())

    async def read(self) -> ResultRecord[Any] | None:
        """What is kept under the key."""
        if self.store is None or not self.key:
            return None
        return await self.store.aread(self.key, self.holder)

    async def commit(self) -> bool:
        """Make it final; False if it has ended already, or the commit failed."""
        return await drive_async(self.commit_steps())

    async def rollback(self) -> bool:
        """Undo it; False if it has ended already, or a hook raised."""
        return await drive_async(self.rollback_steps())


def get_transaction() -> BaseTransaction | None:
    """The innermost transaction that this code runs in; None if it runs in none."""
    current = CURRENT_TRANSACTION.get()
    if current is not None:
        return current
    return transaction_of(CURRENT_RUN.get())


def transaction_of(run: LiveRun | None) -> BaseTransaction | None:
    """The transaction of the task run that `run` is or is part of; made if there is none yet.

    Most task runs need none, and so have none until somebody asks for it.
    """
    while isinstance(run, LiveFlowRun):
        run = run.parent_task_run or run.parent
    if run is None:
        return None
    if run.transaction is None:
        run.transaction = new_transaction(run, parent=transaction_of(run.caller))
        drive(run.transaction.begin_steps())
    return run.transaction


def new_transaction(run: LiveTaskRun, **options: Any) -> BaseTransaction:
    """A transaction for a task run's attempt; it has not begun."""
    kind = AsyncTransaction if run.task.isasync else Transaction
    if options.get("store") is None:  # nothing is kept, and the key is made if a hook asks for it
        from headrace.results.keys import key_of

        options["make_key"] = functools.partial(key_of, run)
    return kind(logger=logger_of(run), **options)


@contextlib.contextmanager
def transaction(
    key: str | None = None,
    store: ResultStore | None = None,
    commit_mode: CommitMode | None = None,
    isolation_level: IsolationLevel | None = None,
    overwrite: bool = False,
    write_on_commit: bool = True,
    logger: Logger | None = None,
) -> Iterator[Transaction]:
    """Do what is within together: if it raises, the rollback hooks of its tasks undo them.

    Args:
        key: where the staged value is kept; by default none is.
        store: what keeps it; by default the store of the run that this code runs in.
        commit_mode: when it commits; by default as the transaction around it, or LAZY.
        isolation_level: SERIALIZABLE lets one transaction with a key go on at a time; the store
            needs a lock manager. By default as the transaction around it, or READ_COMMITTED.
        overwrite: whether it goes on although something is kept under the key.
        write_on_commit: whether the staged value is kept.
        logger: what tells of its hooks; by default that of the run that this code runs in.

    Raises:
        ConfigurationError: the store cannot isolate as asked.
    """
    options = _options_for(key, store, logger)
    with Transaction(
        key=key,
        commit_mode=commit_mode,
        isolation_level=isolation_level,
        overwrite=overwrite,
        write_on_commit=write_on_commit,
        **options,
    ) as begun:
        yield begun


@contextlib.asynccontextmanager
async def atransaction(
    key: str | None = None,
    store: ResultStore | None = None,
    commit_mode: CommitMode | None = None,
    isolation_level: IsolationLevel | None = None,
    overwrite: bool = False,
    write_on_commit: bool = True,
    logger: Logger | None = None,
) -> AsyncIterator[AsyncTransaction]:
    """As `transaction`, for asynchronous code."""
    options = _options_for(key, store, logger)
    async with AsyncTransaction(
        key=key,
        commit_mode=commit_mode,
        isolation_level=isolation_level,
        overwrite=overwrite,
        write_on_commit=write_on_commit,
        **options,
    ) as begun:
        yield begun


def _options_for(
    key: str | None, store: ResultStore | None, logger: Logger | None
) -> dict[str, Any]:
    if key and store is None:
        from headrace.results import get_result_store  # slow to load, and not always needed

        store = get_result_store().for_transactions()
    run = CURRENT_RUN.get()
    if logger is None and run is not None:
        logger = logger_of(run)
    return {"store": store, "logger": logger}
