"""Every pair of states, for every actor: what may follow what."""

from __future__ import annotations

import pytest

from headrace.records import TERMINAL_STATES, StateType
from headrace_service.rules import Actor, may_change, why_not
from tests.builders import state

#: From each type, what RUN, SERVICE, USER, HISTORY and RETRY may make of it: one letter for each of
#: these types.
#: Written out by hand, so that a slip in the rules is not repeated here.
COLUMNS = (
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "CRASHED",
    "PAUSED",
    "CANCELLING",
)

NONE = "- - - - - - - - -"
ACTORS = (Actor.RUN, Actor.SERVICE, Actor.USER, Actor.HISTORY, Actor.RETRY)
AGAIN = "y - - - - - - - -"

TABLE = {
    #              S P R C F N X Z G
    "SCHEDULED": ("y y y y y y y y y", "y y - - - y y - y", "y - - - - y - y y", NONE, NONE),
    "PENDING": ("y y y y y y y y y", "y - - - - y y - y", "- - - - - y - - y", NONE, NONE),
    "RUNNING": ("y - y y y y y y y", "y - - - - y y - y", "- - - - - - - y y", NONE, NONE),
    "PAUSED": ("y y y - y y y - y", "y - - - y y y - y", "y - y - - y - - y", NONE, NONE),
    "CANCELLING": ("- - - y y y y - -", "- - - - - y y - -", "- - - - - y - - -", NONE, NONE),
    "COMPLETED": (NONE,) * 5,
    "FAILED": (NONE, NONE, NONE, NONE, AGAIN),
    "CRASHED": (NONE, NONE, NONE, "y y y y y y y y y", AGAIN),
    "CANCELLED": (NONE, NONE, NONE, NONE, AGAIN),
}
CASES = [
    (current, to, actor, letter == "y")
    for current, rows in TABLE.items()
    for actor, row in zip(ACTORS, rows, strict=True)
    for to, letter in zip(COLUMNS, row.split(), strict=True)
]


@pytest.mark.parametrize(("current", "to", "actor", "allowed"), CASES)
def test_every_pair(current: str, to: str, actor: Actor, allowed: bool) -> None:
    assert may_change(StateType(current), StateType(to), actor) is allowed


def test_the_table_is_whole() -> None:
    assert len(CASES) == len(StateType) ** 2 * len(ACTORS)


@pytest.mark.parametrize("current", StateType)
@pytest.mark.parametrize("to", StateType)
def test_a_client_may_what_runs_and_users_may_and_insists_on_the_rest(
    current: StateType, to: StateType
) -> None:
    run, user = (may_change(current, to, actor) for actor in (Actor.RUN, Actor.USER))
    allowed = (run or user) and not current is to is StateType.PENDING
    assert may_change(current, to, Actor.CLIENT) is allowed
    change = state(to.value, run_count=1)
    assert why_not(current, 1, change, Actor.FORCE) is None
    assert (why_not(current, 1, change, Actor.CLIENT) is None) is allowed


@pytest.mark.parametrize("current", sorted(TERMINAL_STATES))
def test_terminal_is_final(current: StateType) -> None:
    reason = why_not(current, 1, state("RUNNING", run_count=2), Actor.RUN)
    assert reason is not None
    assert "final" in reason


def test_an_older_attempt_is_refused_and_a_newer_one_is_not() -> None:
    assert why_not(StateType.RUNNING, 2, state("COMPLETED", run_count=1), Actor.RUN) == (
        "attempt 1 was superseded by attempt 2"
    )
    assert why_not(StateType.SCHEDULED, 2, state("RUNNING", run_count=3), Actor.RUN) is None


def test_the_reason_names_both_states_and_the_actor() -> None:
    assert why_not(StateType.CANCELLING, 1, state("RUNNING"), Actor.RUN) == (
        "the run may not take it from CANCELLING to RUNNING"
    )


def test_a_completed_attempt_can_be_rolled_back_by_the_run_alone() -> None:
    undone = state("COMPLETED", name="RolledBack", run_count=2)
    assert why_not(StateType.COMPLETED, 2, undone, Actor.RUN) is None
    assert why_not(StateType.COMPLETED, 3, undone, Actor.RUN) is not None
    assert why_not(StateType.COMPLETED, 2, undone, Actor.USER) is not None
    assert why_not(StateType.FAILED, 2, undone, Actor.RUN) is not None


def test_history_corrects_what_was_guessed_at_its_own_attempt_alone() -> None:
    done = state("COMPLETED", run_count=2)
    assert why_not(StateType.CRASHED, 2, done, Actor.HISTORY) is None
    assert why_not(StateType.CRASHED, 3, done, Actor.HISTORY) == (
        "attempt 2 was superseded by attempt 3"
    )
    for ended in TERMINAL_STATES - {StateType.CRASHED}:
        reason = why_not(ended, 2, done, Actor.HISTORY)
        assert reason is not None
        assert "final" in reason
