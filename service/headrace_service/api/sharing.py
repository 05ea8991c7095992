"""What many subscribers get is made once, and answered once for all who ask for the same of it.

Ten who follow everything cost little more than one: an event becomes one object, which keeps the
answers that were given about it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

#: Answers that an object keeps; an event is kept for as long as there may be somebody who is behind
#: with it, and everybody may ask for something else.
KEPT = 8


class Answers:
    """The answers that were given about one object, by what was asked for."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: dict[Hashable, dict[str, Any]] = {}

    def get(self, asked: Hashable) -> dict[str, Any] | None:
        """The answer, if there is one."""
        return self._given.get(asked)

    def keep(self, asked: Hashable, answer: dict[str, Any]) -> dict[str, Any]:
        """Remember an answer for all who ask so; the answer."""
        if len(self._given) < KEPT:
            self._given[asked] = answer
        return answer
