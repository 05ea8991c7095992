"""The warm process that the processes of runs are forked from: `python -m headrace.runner.forking`.

It has loaded all that a run needs of headrace, and nothing of the user's. It has one thread and no
connection but the socket to its host, over which it is asked for processes and tells of their ends.
When the host goes, so does it; the processes that it has forked go on.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys

import msgspec

from headrace.records import read_at_once
from headrace.runner.jobs import Job

#: What a run loads, whatever it is of.
_ALWAYS = (
    "headrace.runner.run",
    "headrace.flows",
    "headrace.tasks",
    "headrace.engine.entry",
    "headrace.bundles",
    "asyncio",
)
#: By where it records to.
_RECORDING = {
    "service": ("headrace.recorder.http", "httpx", "httpcore", "h11", "certifi", "encodings.idna"),
    "ledger": (
        "headrace.recorder.embedded",
        "headrace_service.api.inprocess",
        "headrace_service.api.schema",
    ),
}


class Wanted(msgspec.Struct, frozen=True):
    """A process that a host asks for under a number, with the variables that it is to have."""

    number: int
    job: Job
    environment: dict[str, str]


class Begun(msgspec.Struct, frozen=True, tag=True):
    """What was asked for under that number has begun."""

    number: int
    pid: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """What was asked for under that number could not be forked."""

    number: int
    reason: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """A process has ended, with an exit code; a negative one is the signal that it died of."""

    pid: int
    code: int


Told = Begun | Refused | Ended

read_at_once(Wanted, Told)


def serve(host: socket.socket) -> Wanted | None:
    """Fork what the host asks for, until it goes.

    Returns:
        None when the host has gone; in a process that was forked, what that is to be.
    """
    wakes, woken = socket.socketpair()
    for end in (wakes, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only so the wake-up is written
    pending = b""
    with selectors.DefaultSelector() as selector, wakes, woken:
        selector.register(host, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)
                    _tell_of_ends(host)
                    continue
                content = _received(host)
                if not content:
                    return None
                *lines, pending = (pending + content).split(b"\n")
                for line in lines:
                    wanted = msgspec.json.decode(line, type=Wanted)
                    if _fork(host, wanted):
                        return wanted


def _received(host: socket.socket) -> bytes:
    try:
        return host.recv(1 << 16)
    except ConnectionError:
        return b""


def _fork(host: socket.socket, wanted: Wanted) -> bool:
    """Fork, and tell the host. Whether this is the new process."""
    try:
        pid = os.fork()
    except OSError as error:
        _tell(host, Refused(wanted.number, str(error)))
        return False
    if pid == 0:
        return True
    _tell(host, Begun(wanted.number, pid))
    return False


def _tell_of_ends(host: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(host, Ended(pid, os.waitstatus_to_exitcode(status)))


def _tell(host: socket.socket, message: Told) -> None:
    with contextlib.suppress(ConnectionError):  # the next look at the host sees that it has gone
        host.sendall(msgspec.json.encode(message) + b"\n")


def _become(wanted: Wanted, host: socket.socket) -> None:
    """Be like a process that was started by itself: nothing of the server's is left."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    host.close()
    os.setsid()  # at the head of a group of its own
    del sys.argv[1:]
    os.environ.clear()
    os.environ.update(wanted.environment)
    gc.unfreeze()


def main() -> None:
    """Serve the host on the socket of that number; a process that was forked executes its run."""
    number, recording = sys.argv[1:]
    for name in (*_ALWAYS, *_RECORDING[recording]):
        importlib.import_module(name)
    host = socket.socket(fileno=int(number))
    gc.collect()
    gc.freeze()  # so that collections in the children leave the memory that they share untouched
    wanted = serve(host)
    if wanted is None:
        return
    _become(wanted, host)
    from headrace.runner.run import execute

    execute(wanted.job)


if __name__ == "__main__":
    main()
