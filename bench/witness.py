"""The file in which those who cross a limit say what they do, and what can be told from it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

#: What somebody says of a crossing: he asks for a slot, has got it, has done his work and is about
#: to give the slot back; and then whether he had it all the time, or had lost it.
ASKED, ENTERED, LEFT, KEPT, LOST = "asked", "entered", "left", "kept", "lost"
#: What is said of a process, by whoever is about to kill it.
KILLED = "killed"


class Witness:
    """The file in which everybody says what he does, in the order in which it happens."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(self, what: str, pid: int, thread: int = 0) -> None:
        """Write a line at once; all processes have the same monotonic clock."""
        line = f"{time.monotonic_ns()} {what} {pid} {thread}\n"
        os.write(self._file, line.encode())


class Crossing(NamedTuple):
    """A slot that somebody had: the moments (nanoseconds) at which he asked for it, got it, and
    was done or killed; and what he knew of it in the end (`KEPT`, `LOST`, `KILLED`)."""

    asked: int
    entered: int
    left: int
    fate: str

    def held_until(self, lease: float) -> int:
        """Until when he had it for certain, by all that he knew.

        A lease of so many seconds begins when he asks for it, or later. Only he who has heard
        that it lasted until the end knows of more.
        """
        return self.left if self.fate == KEPT else min(self.left, self.asked + round(lease * 1e9))


def crossings(lines: Iterable[str]) -> list[Crossing]:
    """What the lines of a witness tell of, in the order in which it ended."""
    found: list[Crossing] = []
    under_way: dict[tuple[str, str], dict[str, int]] = {}
    dead: set[str] = set()

    def end(who: tuple[str, str], fate: str, moment: int) -> None:
        said = under_way.pop(who)
        if ENTERED in said:
            found.append(Crossing(said[ASKED], said[ENTERED], said.get(LEFT, moment), fate))

    # A process's last lines may be older than its killer's word: in the order of their times.
    for moment, what, pid, thread in sorted(
        (int(time_), what, pid, thread) for time_, what, pid, thread in map(str.split, lines)
    ):
        if what == KILLED:
            dead.add(pid)
            for who in [each for each in under_way if each[0] == pid]:
                end(who, KILLED, moment)
        elif pid in dead:
            continue  # its last moments
        elif what in (KEPT, LOST):
            end((pid, thread), what, moment)
        else:
            under_way.setdefault((pid, thread), {})[what] = moment
    return found


def fault(found: list[Crossing], limit: int, lease: float, patience: float) -> str | None:
    """What is wrong with the crossings of a limit of so many slots; None if nothing is.

    Args:
        found: the crossings.
        limit: how many slots there are.
        lease: seconds that a slot is somebody's, if it is not renewed.
        patience: seconds in which somebody gets a slot.
    """
    for each in found:
        if each.fate == LOST and each.left - each.asked < lease * 1e9:
            return f"a lease of {lease:g} s was lost after {(each.left - each.asked) / 1e9:.3f} s"
    begins = sorted(each.entered for each in found)
    longest = max((later - first for first, later in pairwise(begins)), default=0) / 1e9
    if longest > patience:
        return f"nobody got a slot for {longest:.1f} s"
    held = 0
    changes = [(each.entered, 1) for each in found]
    changes += [(max(each.entered, each.held_until(lease)), -1) for each in found]
    for moment, change in sorted(changes):
        held += change
        if held > limit:
            return f"{held} held slots at once at {moment}"
    return None
