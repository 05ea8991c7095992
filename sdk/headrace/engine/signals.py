"""SIGTERM, turned into an exception, so that a run that is terminated is recorded as crashed.

Only where nobody else has a handler for it: a program that has one knows what it wants.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import CodeType, FrameType

from headrace.drivers import drive
from headrace.exceptions import TerminationSignal

_SYNC_DRIVER: CodeType = drive.__code__


class _Scope:
    """What SIGTERM is to end: the code in a `termination`.

    Args:
        cancel: how to, for what runs in an event loop.
    """

    def __init__(self, cancel: Callable[[], object] | None) -> None:
        self.cancel = cancel
        self.received = False


#: Those of this process. Several coroutines may run side by side, each in its own.
_scopes: list[_Scope] = []
#: The one that code runs in.
_scope: ContextVar[_Scope | None] = ContextVar("headrace_termination", default=None)
#: What lets signals wake the event loop; open while one of them needs it.
_waking = contextlib.ExitStack()


@contextlib.contextmanager
def termination(cancel: Callable[[], object] | None = None) -> Iterator[None]:
    """While within, SIGTERM raises TerminationSignal; afterwards, the process is to exit by 143.

    Args:
        cancel: for a flow that runs in an event loop: cancels it. An exception raised by a signal
            handler would come up in the middle of the loop instead of in the flow.

    Raises:
        SystemExit: with code 143, as a shell reports a process that died of SIGTERM, once what is
            within has ended by the signal.
    """
    on_main_thread = threading.current_thread() is threading.main_thread()
    if not on_main_thread or signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, _handle):
        yield
        return
    scope = _Scope(cancel)
    token = _scope.set(scope)
    _begin(scope)
    try:
        yield
    except BaseException:
        if scope.received:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        _end(scope)
        # A coroutine that was dropped is closed in a context that is not its own.
        with contextlib.suppress(ValueError):
            _scope.reset(token)


def _begin(scope: _Scope) -> None:
    if not _scopes:
        signal.signal(signal.SIGTERM, _handle)
    if scope.cancel is not None and not any(other.cancel for other in _scopes):
        _waking.enter_context(_waking_the_loop())
    _scopes.append(scope)


def _end(scope: _Scope) -> None:
    if scope not in _scopes:
        return  # a forked child's
    _scopes.remove(scope)
    if scope.cancel is not None and not any(other.cancel for other in _scopes):
        _waking.close()
    if not _scopes and signal.getsignal(signal.SIGTERM) is _handle:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _handle(signum: int, frame: FrameType | None) -> None:
    if not _scopes:
        # A forked child, which has the handler but not the flow: the pools of `multiprocessing`
        # end theirs this way.
        raise SystemExit(128 + signum)
    # Synchronous code is interrupted where it stands, and its coroutine with it; all others are
    # cancelled.
    here = _scope.get() if _in_sync_code(frame) else None
    for scope in _scopes:
        scope.received = True
        if scope is not here and scope.cancel is not None:
            scope.cancel()
    if here is not None or any(scope.cancel is None for scope in _scopes):
        raise TerminationSignal(signum)


@contextlib.contextmanager
def _waking_the_loop() -> Iterator[None]:
    """Let signals wake the event loop, even those that come just before it falls asleep."""
    import asyncio
    import socket

    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        if before != -1:  # signals wake somebody already
            signal.set_wakeup_fd(before)
            yield
            return
        loop.add_reader(ours, ours.recv, 4096)
        try:
            yield
        finally:
            loop.remove_reader(ours)
            last = signal.set_wakeup_fd(-1)
            if last != theirs.fileno():  # the user's code has set another one
                signal.set_wakeup_fd(last)


def _in_sync_code(frame: FrameType | None) -> bool:
    """Whether the signal arrived while a synchronous run was going on: it can be interrupted."""
    while frame is not None:
        if frame.f_code is _SYNC_DRIVER:
            return True
        frame = frame.f_back
    return False


os.register_at_fork(after_in_child=_scopes.clear)
