"""Under which key the result of a call is kept, and where it is looked for."""

from __future__ import annotations

import datetime
import hashlib
import logging
import sys
from typing import TYPE_CHECKING, Any

from headrace.context import LiveFlowRun, LiveTaskRun, context_of, title_of
from headrace.exceptions import HashError, UnserializableResult
from headrace.hashing import hash_code, hash_value
from headrace.logging import log_line
from headrace.results.records import reference_to_nothing
from headrace.text import describe_error

if TYPE_CHECKING:
    from headrace.results import ResultStore
    from headrace.results.records import ResultRecordMetadata
    from headrace.tasks import Task

#: Keys that are longer are no names of files everywhere, and are hashed.
_MAX_KEY = 200


def key_of(run: LiveTaskRun) -> str | None:
    """The key of this call's result; None if it is not to be kept under one.

    Raises:
        InvalidOption: the task's `cache_policy` is none.
    """
    task = run.task
    policy = task.cache_policy
    try:
        if policy is not None:
            flow_run = run.flow_run
            key = policy.compute_key(
                task_ctx=context_of(run),
                inputs=run.parameters,
                flow_parameters={} if flow_run is None else flow_run.arguments,
            )
        elif task.result_storage_key is not None:
            key = _fill_in(task.result_storage_key, run)
        else:
            return None
    except HashError as error:
        _warn(run, f"Nothing is cached: {error}")
        return None
    except Exception as error:  # the user's policy or template; the task itself can still run
        _warn(run, f"Nothing is cached: its key cannot be made: {describe_error(error)}")
        return None
    return None if key is None else _fitting(str(key))


def _fitting(key: str) -> str:
    return key if len(key) <= _MAX_KEY else hashlib.sha256(key.encode()).hexdigest()


def _fill_in(template: str, run: LiveTaskRun) -> str:
    """A `result_storage_key` with what it names: parameters, and attributes of the run."""
    return template.format(flow_run=run.flow_run, task_run=run, parameters=run.parameters)


def look_up(key: str, run: LiveTaskRun, store: ResultStore) -> tuple[str | None, bool]:
    """The key that the result of the call stands under, and whether it stands there.

    A key names no task, and two tasks never share a result: the first task that keeps one under a
    key has it, and those of others stand beside it. A `result_storage_key` is taken as it is.

    Returns:
        No key, with a warning, if it leads out of the storage.
    """
    try:
        store.place(key)
    except ValueError as error:
        _warn(run, f"Nothing is cached: {error}")
        return None, False
    known = store.read_metadata(key)
    if run.task.cache_policy is not None and not is_own(known, run):
        key = f"{key}-{hash_value(identity(run.task))[:8]}"
        known = store.read_metadata(key)
    return key, is_own(known, run) and store.counts(known)


def is_own(known: ResultRecordMetadata | None, run: LiveTaskRun) -> bool:
    """Whether a kept result is this task's, or nobody's."""
    return known is None or known.task in (None, identity(run.task))


def identity(task: Task[..., Any]) -> str:
    """What tells a task from others: where its function is defined."""
    function: Any = task.fn
    module = getattr(function, "__module__", "") or ""
    if module == "__main__":  # every script is called that
        module = getattr(sys.modules["__main__"], "__file__", None) or module
    return f"{module}:{getattr(function, '__qualname__', type(function).__qualname__)}"


def expiry_of(run: LiveTaskRun) -> datetime.datetime | None:
    """Until when a result of now counts; None is for good."""
    lifetime = run.task.cache_expiration
    if lifetime is None:
        return None
    now = datetime.datetime.fromtimestamp(run.environment.clock.now() / 1e6, datetime.UTC)
    return now + lifetime


def hash_call(run: LiveTaskRun, arguments: dict[str, Any]) -> str | None:
    """A hash of the task, its code and its arguments; None, with a warning, if one has none."""
    function = getattr(run.task.fn, "__func__", run.task.fn)
    code = hash_code(getattr(function, "__code__", None))
    hashes = {}
    for name, value in arguments.items():
        try:
            hashes[name] = hash_value(value)
        except HashError as error:
            _warn(run, f"Nothing is cached: argument '{name}' {error}")
            return None
    return hash_value([identity(run.task), code, hashes])


def keep_outcome(
    run: LiveFlowRun | LiveTaskRun, outcome: object, needed: bool = False
) -> str | None:
    """Keep a flow's result, or what any run failed with, under a key of its own.

    Args:
        run: whose outcome it is.
        outcome: what is to be kept.
        needed: whether the run is no success if it cannot be serialized.

    Returns:
        Where it is, as `State.kept` tells it; or why it is not, or None, with a warning.

    Raises:
        UnserializableResult: it is needed, and cannot be serialized.
    """
    from headrace.results import store_of

    try:
        store = store_of(run).model_copy({"metadata_storage": None})
        record = store.create_result_record(outcome, owner=title_of(run))
        store.persist_result_record(record)
    except Exception as error:  # pickling runs the code of any class; disks fill up
        if needed and isinstance(error, UnserializableResult):
            raise
        message = f"Encountered an error while persisting result: {error} Execution will continue, "
        _warn(run, f"{message}but the result has not been persisted")
        return reference_to_nothing(error)
    return record.metadata.as_reference()


def _warn(run: LiveFlowRun | LiveTaskRun, message: str) -> None:
    log_line(run, logging.WARNING, message, run.environment.clock.now())
