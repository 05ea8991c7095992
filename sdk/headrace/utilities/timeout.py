"""Limits of the time that a piece of code may take, as `with` blocks."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from headrace.engine.timeouts import Expired, alarm


def fail_if_not_timeout_error(timeout_exc_type: type[Exception]) -> None:
    """See to it that it is a `TimeoutError`.

    Raises:
        ValueError: it is none.
    """
    if not issubclass(timeout_exc_type, TimeoutError):
        raise ValueError("The `timeout_exc_type` argument must be a subclass of `TimeoutError`.")


@contextmanager
def timeout(
    seconds: float | None = None, timeout_exc_type: type[TimeoutError] = TimeoutError
) -> Iterator[None]:
    """Interrupt what is within after so many seconds; None is no limit.

    On the main thread a signal does it, also while it sleeps. Elsewhere, code that is blocked
    outside of the interpreter is interrupted once it comes back.

    Raises:
        ValueError: `timeout_exc_type` is no `TimeoutError`.
        TimeoutError: it took too long; of that type.
    """
    fail_if_not_timeout_error(timeout_exc_type)
    if seconds is None:
        yield
        return
    scope = _Scope()
    try:
        with _limit(scope, seconds):
            yield
    except (Expired, _Over):
        if not scope.expired:  # that of another limit, around this one
            raise
    if scope.expired:
        raise timeout_exc_type(_told(seconds))


@contextmanager
def timeout_async(
    seconds: float | None = None, timeout_exc_type: type[TimeoutError] = TimeoutError
) -> Iterator[None]:
    """As `timeout`, for what a coroutine awaits within.

    Raises:
        ValueError: `timeout_exc_type` is no `TimeoutError`.
        TimeoutError: it took too long; of that type.
    """
    fail_if_not_timeout_error(timeout_exc_type)
    if seconds is None:
        yield
        return
    task, over = asyncio.current_task(), False
    assert task is not None

    def cancel() -> None:
        nonlocal over
        over = task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not over or task.uncancel():  # somebody else wants it cancelled, too
            raise
        raise timeout_exc_type(_told(seconds)) from None
    finally:
        timer.cancel()


class _Scope:
    """The call that `Expired` tells of."""

    expired = False


class _Over(BaseException):
    """Raised in a thread whose time is over."""


def _limit(scope: _Scope, seconds: float) -> AbstractContextManager[None]:
    if threading.current_thread() is threading.main_thread():
        return alarm(scope, seconds)
    return _in_thread(scope, seconds)


@contextmanager
def _in_thread(scope: _Scope, seconds: float) -> Iterator[None]:
    ident, lock, over = threading.get_ident(), threading.Lock(), False

    def ring() -> None:
        with lock:
            if not over:
                scope.expired = True
                _raise_in(ident, _Over)

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()


def _raise_in(ident: int, kind: type[BaseException]) -> None:
    number, raised = ctypes.c_ulong(ident), ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, raised)


def _told(seconds: float) -> str:
    return f"Scope timed out after {seconds} second(s)."
