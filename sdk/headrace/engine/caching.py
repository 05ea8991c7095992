"""Results kept for later calls of the same task with the same key."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any

from headrace.context import TaskRunContext
from headrace.logging import log_line
from headrace.results import Kept, ResultStore
from headrace.text import describe_error

if TYPE_CHECKING:
    from headrace.tasks import Task

    Digest = hashlib._Hash


def key_of(run: TaskRunContext) -> str | None:
    """The key of this call's result; None if it is not to be kept.

    What the user's `cache_key_fn` returns is a part of it, and so is the task with its code: two
    tasks never share a result, and a task that was changed does not find its old ones.
    """
    function = run.task.cache_key_fn
    if function is None:
        return None
    try:
        key = function(run, run.parameters)
    except Exception as error:  # the user's function; the task itself can still run
        _warn(run, f"Its cache_key_fn raised {describe_error(error)}; the result is not cached")
        return None
    if key is None:
        return None
    digest = hashlib.sha256(f"{run.task.fingerprint}\0{key}".encode("utf-8", "replace"))
    return digest.hexdigest()


def hash_arguments(run: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    """A hash of a call's arguments; None, with a warning, if one cannot be hashed."""
    digest = hashlib.sha256()
    for name, value in sorted(arguments.items()):
        try:
            digest.update(f"{name}\0".encode())
            _add(digest, value)
        except Exception as error:  # pickling runs the code of any class
            reason = describe_error(error)
            _warn(run, f"Argument '{name}' cannot be hashed, so nothing is cached: {reason}")
            return None
    return digest.hexdigest()


def _add(digest: Digest, value: object) -> None:
    """Add a value, so that equal plain values add the same.

    Pickles are only for what is not plain: that of a set depends on the process's hash seed, and
    that of a list on whether two equal items are one object.
    """
    kind = type(value)
    digest.update(f"{kind.__module__}.{kind.__qualname__}\0".encode())
    if kind in _BY_REPR:
        content = repr(value).encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)}\0".encode() + content)
    elif isinstance(value, list | tuple) and kind in (list, tuple):
        digest.update(f"{len(value)}\0".encode())
        for item in value:
            _add(digest, item)
    elif isinstance(value, dict) and kind is dict:
        digest.update(b"".join(sorted(_hash((key, item)) for key, item in value.items())))
    elif isinstance(value, set | frozenset) and kind in (set, frozenset):
        digest.update(b"".join(sorted(map(_hash, value))))
    else:
        # Large, and most programs cache nothing.
        import cloudpickle  # type: ignore[import-untyped]

        digest.update(cloudpickle.dumps(value))


_BY_REPR = frozenset({type(None), bool, int, float, complex, str, bytes})


def _hash(value: object) -> bytes:
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.digest()


def find(run: TaskRunContext, key: str) -> Kept | None:
    """The result kept under `key`, unless it has expired or cannot be read."""
    try:
        return _store(run).load(key, run.environment.clock.now())
    except Exception as error:  # unpickling runs the code of any class
        _warn(run, f"A cached result cannot be read ({describe_error(error)}); the task runs anew")
        return None


def keep(run: TaskRunContext, key: str, value: object) -> None:
    """Keep `value` under `key`, for as long as the task's `cache_expiration` says."""
    lifetime = run.task.cache_expiration
    now = run.environment.clock.now()
    expires = None if lifetime is None else now + int(lifetime.total_seconds() * 1_000_000)
    try:
        _store(run).save(key, value, expires)
    except Exception as error:  # pickling runs the code of any class; disks fill up
        _warn(run, f"The result cannot be cached: {describe_error(error)}")


def fingerprint(task: Task[..., Any]) -> str:
    """What tells a task from others: where its function is defined, and its code."""
    function = task.fn
    digest = hashlib.sha256()
    for part in ("__module__", "__qualname__"):
        digest.update(f"{getattr(function, part, '')}\0".encode())
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    _add_code(digest, code)
    return digest.hexdigest()


def _add_code(digest: Digest, code: Any) -> None:
    """Add a code object, but not the numbers of its lines, nor the addresses of its constants."""
    if code is None:
        return
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode("utf-8", "replace"))
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            _add_code(digest, constant)
        elif isinstance(constant, frozenset):
            digest.update(repr(sorted(map(repr, constant))).encode("utf-8", "replace"))
        else:
            digest.update(repr(constant).encode("utf-8", "replace"))


def _store(run: TaskRunContext) -> ResultStore:
    return ResultStore(run.environment.settings.home / "results")


def _warn(run: TaskRunContext, message: str) -> None:
    log_line(run, logging.WARNING, message, run.environment.clock.now())
