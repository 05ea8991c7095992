"""A task run's attempt as a transaction: its result is looked for before, and kept after it.

Only where something asks for it: an option of the task, the settings, or a transaction around.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from headrace.context import CURRENT_TRANSACTION, current_settings
from headrace.drivers import Lifecycle, Work
from headrace.logging import log_line
from headrace.records import StateType
from headrace.results import keys
from headrace.states import Cached, Failed, State
from headrace.text import describe_error
from headrace.transactions import BaseTransaction, IsolationLevel, new_transaction, transaction_of

if TYPE_CHECKING:
    from headrace.engine.task_run import TaskRun
    from headrace.results import ResultStore


def begin(run: TaskRun) -> Lifecycle[State[Any] | None]:
    """Begin the attempt's transaction.

    Returns:
        The state of a run whose result is there already, or whose options cannot be used; None if
        it has to be computed.
    """
    parent = CURRENT_TRANSACTION.get() or transaction_of(run.caller)
    persists = run.persist_result
    store, is_kept = None, None
    try:
        key = keys.key_of(run) if persists else None
        if key is not None:
            store = yield Work(_store_of, run)
    except Exception as error:  # an option names a policy, storage or serializer that is not there
        reason = describe_error(error)
        return Failed(f"Task run encountered an exception: {reason}", data=error)
    if store is not None:
        key, is_kept = yield Work(keys.look_up, key, run, store)
    transaction = new_transaction(
        run,
        parent=parent,
        key=key,
        store=store,
        isolation_level=_isolation_of(run),
        overwrite=_refreshes(run),
        write_on_commit=persists,
        is_kept=is_kept,
    )
    yield from transaction.begin_steps()
    run.transaction = transaction
    transaction.make_current()
    if not transaction.is_committed():
        return None
    found: State[Any] | None = yield Work(_read, run, transaction)
    if found is None:
        transaction.reopen()
        return None
    yield from end(run, found, None)
    return found


def _store_of(run: TaskRun) -> ResultStore:
    from headrace.results import store_of  # slow to load, and most programs keep nothing

    return store_of(run)


def _isolation_of(run: TaskRun) -> IsolationLevel | None:
    policy = run.task.cache_policy
    level = policy.isolation_level if policy is not None and run.persist_result else None
    return None if level is None else IsolationLevel(level)


def _refreshes(run: TaskRun) -> bool:
    said = run.task.refresh_cache
    return current_settings().tasks_refresh_cache if said is None else said


def _read(run: TaskRun, transaction: BaseTransaction) -> State[Any] | None:
    """The kept result; None, with a warning, if it cannot be read, or is another task's."""
    store, key = transaction.store, transaction.key
    if store is None or key is None:
        return None
    try:
        record = store.read(key, transaction.holder)
    except Exception as error:  # unpickling runs the code of any class
        reason = describe_error(error)
        message = f"A cached result cannot be read ({reason}); the task runs anew"
        log_line(run, logging.WARNING, message, run.clock.now())
        return None
    if not keys.is_own(record.metadata, run):
        return None
    found = Cached(data=record.result)
    found.kept = record.metadata.as_reference()
    return found


def end(run: TaskRun, state: State[Any] | None, error: BaseException | None) -> Lifecycle[None]:
    """End the attempt's transaction: keep the result of `state`, or undo all if there is none."""
    transaction = run.transaction
    if transaction is None:
        return
    try:
        if state is not None and not transaction.is_committed():
            yield from _stage(run, state, transaction)
        yield from transaction.leave_steps(error)
        if state is not None and transaction.is_rolled_back():
            state.kept = None  # it could not be kept
    finally:
        run.transaction = None
        transaction.step_back()


def _stage(run: TaskRun, state: State[Any], transaction: BaseTransaction) -> Lifecycle[None]:
    task = run.task
    if state.type is not StateType.COMPLETED:
        transaction.write_on_commit = False
        transaction.stage(state.data, on_rollback_hooks=list(task.on_rollback_hooks))
        if state.type is StateType.FAILED:
            yield from transaction.rollback_steps()
        return
    kept: object = state.data
    if transaction.store is not None and transaction.key is not None:
        kept = record = transaction.store.create_result_record(
            state.data, transaction.key, keys.expiry_of(run), keys.identity(task)
        )
        state.kept = record.metadata.as_reference()

    def roll_back(_: BaseTransaction) -> None:
        run.roll_back()

    roll_back.log_on_run = False  # type: ignore[attr-defined]  # it is none of the user's
    transaction.stage(
        kept,
        on_rollback_hooks=[roll_back, *task.on_rollback_hooks],
        on_commit_hooks=list(task.on_commit_hooks),
    )
