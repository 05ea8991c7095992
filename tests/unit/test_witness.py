"""What the soak tests tell from what their programs have written."""

from __future__ import annotations

import pytest
from bench.witness import crossings, fault

SECOND = 1_000_000_000


def told(*said: tuple[float, str, int]) -> str | None:
    """What is wrong with a limit of one slot, and leases of 3 s."""
    lines = [f"{round(at * SECOND)} {what} {pid} 0\n" for at, what, pid in said]
    return fault(crossings(lines), limit=1, lease=3.0, patience=30.0)


def crossing(pid: int, entered: float, left: float, fate: str) -> list[tuple[float, str, int]]:
    """What a process says that holds a slot once."""
    return [
        (entered, "asked", pid),
        (entered, "entered", pid),
        (left, "left", pid),
        (left, fate, pid),
    ]


def test_one_after_the_other_is_as_it_should_be() -> None:
    assert told(*crossing(1, 0, 1, "kept"), *crossing(2, 1, 2, "kept")) is None


def test_two_at_once_are_too_many() -> None:
    problem = told(*crossing(1, 0, 9, "kept"), *crossing(2, 8, 10, "kept"))
    assert problem == "2 held slots at once at 8000000000"


@pytest.mark.parametrize(("entered", "is_wrong"), [(2.9, True), (3.1, False)])
def test_who_has_lost_a_lease_had_it_for_its_seconds(entered: float, is_wrong: bool) -> None:
    problem = told(*crossing(1, 0, 9, "lost"), *crossing(2, entered, 4, "kept"))
    assert (problem is not None) is is_wrong


def test_a_lease_is_not_lost_before_it_ends() -> None:
    problem = told(*crossing(1, 0, 2, "lost"))
    assert problem == "a lease of 3 s was lost after 2.000 s"


@pytest.mark.parametrize(("killed", "is_wrong"), [(1.0, False), (2.0, True)])
def test_who_is_killed_holds_until_then(killed: float, is_wrong: bool) -> None:
    mine = [(0.0, "asked", 1), (0.0, "entered", 1), (killed, "killed", 1), (2.5, "left", 1)]
    problem = told(*mine, *crossing(2, 1.5, 1.8, "kept"))
    assert (problem is not None) is is_wrong


def test_a_limit_that_nobody_gets_past_is_told_of() -> None:
    problem = told(*crossing(1, 0, 1, "kept"), *crossing(2, 40, 41, "kept"))
    assert problem == "nobody got a slot for 40.0 s"
