"""Which process is which, and whether one of this machine still runs.

Numbers of processes are given anew, and the same number means another process in another container
or after a restart of the machine. So a process is known by an identity: the machine's run (and
container) it belongs to, its number, and when it began.
"""

from __future__ import annotations

import enum
import functools
import os

_SEPARATOR = "/"


class Fate(enum.Enum):
    """What can be said of a process from here."""

    RUNS = "runs"
    STOPPED = "stopped"  #: it is there, but was stopped (SIGSTOP) and does nothing
    ENDED = "ended"
    UNKNOWN = "unknown"  #: it is of another machine or container, or cannot be told apart


@functools.cache
def host() -> str:
    """This machine's name."""
    return os.uname().nodename or "localhost"


def identity(pid: int | None = None) -> str:
    """What tells a process of this machine, by default this one, from every other one."""
    number = os.getpid() if pid is None else pid
    found = _status(number)
    return _SEPARATOR.join((_machine(), str(number), found[1] if found else ""))


def fate(process: str) -> Fate:
    """What became of the process with that identity."""
    try:
        machine, text, began = process.rsplit(_SEPARATOR, 2)
        number = int(text)
    except ValueError:
        return Fate.UNKNOWN
    if machine != _machine():
        return Fate.UNKNOWN
    if not began:  # a machine that does not tell when processes began
        return Fate.UNKNOWN if _is_there(number) else Fate.ENDED
    found = _status(number)
    if found is None or found[1] != began or found[0] in "ZXx":
        return Fate.ENDED
    return Fate.STOPPED if found[0] in "Tt" else Fate.RUNS


@functools.cache
def _machine() -> str:
    """This run of this machine, and the container in it."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            run = file.read().strip()
        return f"{run}:{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return host().replace(_SEPARATOR, "-")


def _status(pid: int) -> tuple[str, str] | None:
    """A process's state, a letter, and when it began, in ticks; None when that cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            content = file.read()
    except OSError:
        return None
    # The program's name stands in parentheses and may contain anything.
    fields = content[content.rindex(b")") + 2 :].split()
    return fields[0].decode(), fields[19].decode()


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
