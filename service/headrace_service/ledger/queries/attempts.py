"""The attempts of a run, as its states tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import msgspec

from headrace.records import TERMINAL_STATES, StateType
from headrace_service.ledger.queries.events import StateRow
from headrace_service.ledger.rows import StatePayload


class Attempt(msgspec.Struct, frozen=True):
    """One attempt: when it began and ended, in microseconds since 1970 UTC, and its last state.

    One that failed has no state of its own when the next one follows: its last state is then the
    one that led to that, `AwaitingRetry` or `Retrying`.
    """

    number: int
    start: int | None
    end: int | None
    state: StateRow


def attempts_in(history: Sequence[StateRow]) -> list[Attempt]:
    """The attempts of a run, the first first.

    Args:
        history: the states that the run has been in, the oldest first.
    """
    states: dict[int, list[StateRow]] = {}
    for state in history:
        if state.payload.run_count > 0:
            states.setdefault(state.payload.run_count, []).append(state)
    numbers = sorted(states)
    followed = [states[number][0] for number in numbers[1:]]
    return [
        _attempt(number, states[number], next_one)
        for number, next_one in zip_longest(numbers, followed)
    ]


def _attempt(number: int, states: Sequence[StateRow], next_one: StateRow | None) -> Attempt:
    start: int | None = None
    end: int | None = None
    for state in states:
        if start is None and state.payload.type is StateType.RUNNING:
            start = state.at
        if end is None and _ends(state.payload, has_begun=start is not None):
            end = state.at
    if end is None and next_one is not None:
        return Attempt(number, start, next_one.at, next_one)
    return Attempt(number, start, end, states[-1])


def _ends(state: StatePayload, *, has_begun: bool) -> bool:
    """Whether an attempt is over with a state. One may wait for its retry at its own number, or at
    that of the next attempt, which has not begun then."""
    return state.type in TERMINAL_STATES or (has_begun and state.name == "AwaitingRetry")
