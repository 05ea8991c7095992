"""Several states, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from headrace.records import StateType
from headrace.states.state import State


class StateGroup:
    """Several states, counted.

    Attributes:
        states: the states.
        type_counts: how many there are of each type.
    """

    def __init__(self, states: Iterable[State[Any]]) -> None:
        self.states = list(states)
        self.type_counts = Counter(state.type for state in self.states)
        self.total_count = len(self.states)
        self.cancelled_count = self.type_counts[StateType.CANCELLED]
        self.paused_count = self.type_counts[StateType.PAUSED]
        self.final_count = sum(state.is_final() for state in self.states)
        self.not_final_count = self.total_count - self.final_count

    @property
    def fail_count(self) -> int:
        """How many are Failed or Crashed."""
        return self.type_counts[StateType.FAILED] + self.type_counts[StateType.CRASHED]

    def all_completed(self) -> bool:
        """Whether all are Completed."""
        return self.type_counts[StateType.COMPLETED] == self.total_count

    def any_cancelled(self) -> bool:
        """Whether one is Cancelled."""
        return self.cancelled_count > 0

    def any_failed(self) -> bool:
        """Whether one is Failed or Crashed."""
        return self.fail_count > 0

    def any_paused(self) -> bool:
        """Whether one is Paused."""
        return self.paused_count > 0

    def all_final(self) -> bool:
        """Whether all are of runs that have ended."""
        return self.final_count == self.total_count

    def counts_message(self) -> str:
        """The counts in words."""
        parts = [f"total={self.total_count}"]
        if self.not_final_count:
            parts.append(f"not_final={self.not_final_count}")
        parts += [f"{kind.value!r}={count}" for kind, count in self.type_counts.items() if count]
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"StateGroup<{self.counts_message()}>"
