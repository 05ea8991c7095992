"""Repeating a measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bench.processes import BenchmarkFailed

T = TypeVar("T")


@dataclass(slots=True)
class Attempts(Generic[T]):
    """What the runs of one measurement brought back.

    A run that fails is noted, and the others count: a peer that starts in four tries of seven still
    has a time for those four. The last failure tells why when nothing succeeded.
    """

    results: list[T] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def failure(self) -> str | None:
        """Why there is no result at all."""
        return self.failures[-1] if self.failures and not self.results else None

    @property
    def remark(self) -> str:
        """How many runs failed, for a figure's name; empty when none did."""
        runs = len(self.results) + len(self.failures)
        return f" [{len(self.failures)} of {runs} runs failed]" if self.failures else ""


def attempt(times: int, measure: Callable[[], T]) -> Attempts[T]:
    """Run `measure` so many times; after two failures in a row it is given up."""
    attempts: Attempts[T] = Attempts()
    in_a_row = 0
    for _ in range(times):
        try:
            attempts.results.append(measure())
            in_a_row = 0
        except BenchmarkFailed as failure:
            attempts.failures.append(str(failure))
            in_a_row += 1
            if in_a_row == 2:
                break
    return attempts
