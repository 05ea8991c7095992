"""A task run's attempt as a transaction: its result is looked for before, and kept after it.

Only where something asks for it: an option of the task, the settings, or a transaction around.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from headrace.context import CURRENT_TRANSACTION, current_settings, title_of
from headrace.drivers import Lifecycle, Work
from headrace.engine.outcomes import failure_of
from headrace.exceptions import UnserializableResult
from headrace.logging import log_line
from headrace.records import StateType
from headrace.results import keys
from headrace.results.records import reference_to_nothing
from headrace.states import Cached, Failed, State
from headrace.text import describe_error
from headrace.transactions import BaseTransaction, IsolationLevel, new_transaction, transaction_of

if TYPE_CHECKING:
    from headrace.engine.task_run import TaskRun
    from headrace.results import ResultRecord, ResultStore


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
    try:
        yield from transaction.begin_steps()
    except Exception as error:  # the key cannot be locked, or the user's locks have failed
        return failure_of(run, error)
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


def end(
    run: TaskRun, state: State[Any] | None, error: BaseException | None
) -> Lifecycle[State[Any] | None]:
    """End the attempt's transaction: keep the result of `state`, or undo all if there is none.

    Returns:
        The state that the run ends in: another one if its result has to be kept, and cannot be.
    """
    transaction = run.transaction
    if transaction is None:
        return state
    try:
        if state is not None and not transaction.is_committed():
            state = yield from _stage(run, state, transaction)
        yield from transaction.leave_steps(error)
        if state is not None and transaction.is_rolled_back():
            state.kept = reference_to_nothing(transaction.failure)
    finally:
        run.transaction = None
        transaction.step_back()
    return state


def _stage(run: TaskRun, state: State[Any], transaction: BaseTransaction) -> Lifecycle[State[Any]]:
    task = run.task
    record = _record_of(run, state, transaction)
    if record is not None:
        try:
            apart = transaction.store is not None and transaction.store.metadata_storage is not None
            yield Work(record.prepare, apart)
        except UnserializableResult as error:
            if task.must_keep_result:
                state = failure_of(run, error)
            else:  # the commit will tell of it
                state.kept = reference_to_nothing(error)
    if state.type is not StateType.COMPLETED:
        transaction.write_on_commit = False
        transaction.stage(state.data, on_rollback_hooks=list(task.on_rollback_hooks))
        if state.type is StateType.FAILED:
            yield from transaction.rollback_steps()
        return state

    def roll_back(_: BaseTransaction) -> None:
        run.roll_back()

    roll_back.log_on_run = False  # type: ignore[attr-defined]  # it is none of the user's
    transaction.stage(
        state.data if record is None else record,
        on_rollback_hooks=[roll_back, *task.on_rollback_hooks],
        on_commit_hooks=list(task.on_commit_hooks),
    )
    return state


def _record_of(
    run: TaskRun, state: State[Any], transaction: BaseTransaction
) -> ResultRecord[Any] | None:
    """What is to be kept of the run, if anything is; the state tells where it will be."""
    store = transaction.store
    if state.type is not StateType.COMPLETED or store is None or (key := transaction.key) is None:
        return None
    record = store.create_result_record(
        state.data, key, keys.expiry_of(run), keys.identity(run.task), title_of(run)
    )
    state.kept = record.metadata.as_reference()
    return record
