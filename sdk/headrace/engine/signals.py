"""SIGTERM, turned into an exception, so that a run that is terminated is recorded as crashed.

Only where nobody else has a handler for it: a program that has one knows what it wants.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

from headrace.drivers import drive
from headrace.exceptions import TerminationSignal

_SYNC_DRIVER: CodeType = drive.__code__


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
    if not on_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    received: list[TerminationSignal] = []
    process = os.getpid()

    def handle(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != process:
            # A forked child, which has the handler but not the flow: the pools of
            # `multiprocessing` end theirs this way.
            raise SystemExit(128 + signum)
        received.append(TerminationSignal(signum))
        if cancel is None or _in_sync_code(frame):
            raise received[-1]
        cancel()

    signal.signal(signal.SIGTERM, handle)
    try:
        with contextlib.nullcontext() if cancel is None else _waking_the_loop():
            yield
    except BaseException:
        if received:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
