"""Which change of state is allowed, by whom, and why not otherwise. Pure functions.

Parties that change states: the RUN itself (the process that executes it, through `record`), its
HISTORY (what its process left when it ended), the SERVICE (its scheduler and its reaper), a USER
(through a mutation that says what is wanted), a RETRY (the mutation that wants another attempt) and
a CLIENT (through one that sets a state). The
types and their order of life are in `headrace.records.StateType`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from headrace.records import TERMINAL_STATES, StateChange, StateType


class Actor(enum.Enum):
    """Who asks for a change."""

    RUN = "the run"
    HISTORY = "the run's history"  #: speaks where the service has guessed that it crashed
    SERVICE = "the service"
    USER = "a user"
    RETRY = "a retry"  #: a user who wants another attempt at a run that has ended
    CLIENT = "a client"  #: a program that carries out a run by hand, or looks after it
    FORCE = "a client that insists"


S = StateType

_STOPS = frozenset({S.CRASHED, S.CANCELLING, S.CANCELLED})
#: What a run may come to by itself: its end, or the way there.
_ENDINGS = TERMINAL_STATES | _STOPS

#: From which type to which types each actor may take a run. What is terminal has no row: it is
#: final, and going on from it means a new attempt, which a RETRY begins. The exception is a CRASHED
#: that was a guess: history says what had become of the run by then.
_ALLOWED: Mapping[Actor, Mapping[StateType, frozenset[StateType]]] = {
    Actor.RUN: {
        # A run that waits may end at once: a cached result, an input that failed, wrong parameters.
        S.SCHEDULED: frozenset({S.SCHEDULED, S.PENDING, S.RUNNING, S.PAUSED}) | _ENDINGS,
        S.PENDING: frozenset({S.SCHEDULED, S.PENDING, S.RUNNING, S.PAUSED}) | _ENDINGS,
        # RUNNING to SCHEDULED is a retry that waits (AwaitingRetry); to RUNNING one that does not.
        S.RUNNING: frozenset({S.SCHEDULED, S.RUNNING, S.PAUSED}) | _ENDINGS,
        S.PAUSED: frozenset({S.SCHEDULED, S.PENDING, S.RUNNING, S.FAILED}) | _STOPS,
        # A run may reach its end before it hears that it is to stop.
        S.CANCELLING: TERMINAL_STATES,
    },
    Actor.HISTORY: {S.CRASHED: frozenset(StateType)},
    Actor.SERVICE: {
        S.SCHEDULED: frozenset({S.SCHEDULED, S.PENDING}) | _STOPS,
        S.PENDING: frozenset({S.SCHEDULED}) | _STOPS,
        # RUNNING to SCHEDULED is another attempt after its process has died.
        S.RUNNING: frozenset({S.SCHEDULED}) | _STOPS,
        S.PAUSED: frozenset({S.SCHEDULED, S.FAILED}) | _STOPS,
        S.CANCELLING: frozenset({S.CANCELLED, S.CRASHED}),
    },
    Actor.USER: {
        S.SCHEDULED: frozenset({S.SCHEDULED, S.PAUSED, S.CANCELLED, S.CANCELLING}),
        S.PENDING: frozenset({S.CANCELLED, S.CANCELLING}),
        S.RUNNING: frozenset({S.PAUSED, S.CANCELLING}),
        # A paused run whose process waits in place goes on running; a suspended one is scheduled.
        S.PAUSED: frozenset({S.SCHEDULED, S.RUNNING, S.CANCELLED, S.CANCELLING}),
        S.CANCELLING: frozenset({S.CANCELLED}),
    },
    Actor.RETRY: {kind: frozenset({S.SCHEDULED}) for kind in (S.FAILED, S.CRASHED, S.CANCELLED)},
}


def may_change(current: StateType, to: StateType, actor: Actor) -> bool:
    """Whether `actor` may take a run from a state of type `current` to one of type `to`."""
    if actor is Actor.FORCE:
        return True
    if actor is Actor.CLIENT:
        if current is to is S.PENDING:  # of two that mean to begin it, one is told that it may not
            return False
        return may_change(current, to, Actor.RUN) or may_change(current, to, Actor.USER)
    return to in _ALLOWED[actor].get(current, frozenset())


def why_not(current: StateType, run_count: int, change: StateChange, actor: Actor) -> str | None:
    """Why `actor` may not make `change` to a run, or None when it may.

    Args:
        current: the type of the state the run is in.
        run_count: the number of the attempt the run is at. A change that names an earlier one
            comes from a process that was taken for dead and replaced.
        change: the state to enter.
        actor: who asks.
    """
    if current is S.COMPLETED and actor is Actor.RUN and _undoes(run_count, change):
        return None
    if _is_final(current, actor):
        return f"the run has ended as {current.value}; a terminal state is final"
    if change.run_count < run_count:
        return f"attempt {change.run_count} was superseded by attempt {run_count}"
    if not may_change(current, change.type, actor):
        return f"{actor.value} may not take it from {current.value} to {change.type.value}"
    return None


def _is_final(current: StateType, actor: Actor) -> bool:
    """Whether `actor` finds a run at an end that nothing follows."""
    if actor is Actor.FORCE or current not in TERMINAL_STATES:
        return False
    return current not in _ALLOWED.get(actor, {})


def _undoes(run_count: int, change: StateChange) -> bool:
    """Whether a change tells that what a completed attempt did was undone: it is still its end."""
    return (
        change.type is S.COMPLETED and change.name == "RolledBack" and change.run_count == run_count
    )
