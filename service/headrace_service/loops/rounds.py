"""How a loop goes round: a step, a pause, and what is counted and said of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from headrace_service.ledger import LedgerError, LedgerUnusable
from headrace_service.loops.clock import Clock
from headrace_service.measures import Rounds

logger = logging.getLogger("headrace_service.loops")

T = TypeVar("T")

#: Seconds until a step is tried again that the ledger could not do.
RETRY = 1.0


async def go_round(
    name: str, step: Callable[[], Awaitable[float]], clock: Clock, rounds: Rounds
) -> None:
    """Go on until cancelled; a step that fails is tried again, and what was wrong is said once.

    Whatever it was: runs would stay as they are for ever if one row that nobody foresaw ended this.

    Args:
        name: what the loop is called.
        step: does what is due; answers after how many seconds to come again.
        clock: what the pauses are taken by.
        rounds: where its rounds are counted.
    """
    said = ""
    while True:
        rounds.begin()
        failed = True
        try:
            pause = await step()
            failed, said = False, ""
        except Exception as error:
            pause = RETRY
            if said != str(error):
                said = str(error)
                bug = None if isinstance(error, LedgerError) else error
                logger.warning("the %s waits: %s", name, error, exc_info=bug)
        rounds.end(pause, failed=failed)
        await clock.sleep(pause)


class Parts:
    """The parts of a loop's step, each for itself: one that fails keeps no other from its turn.

    Args:
        loop: what the loop is called.
        rounds: where failures are counted.
    """

    def __init__(self, loop: str, rounds: Rounds) -> None:
        self._loop = loop
        self._rounds = rounds
        self._said: dict[str, str] = {}

    async def take(self, part: str, work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """What the work comes to; `otherwise` when it fails, which is said once.

        Raises:
            LedgerUnusable: the ledger cannot be used at all, which is no fault of the part.
        """
        try:
            outcome = await work
        except LedgerUnusable:
            raise
        except Exception as error:
            self._rounds.failed += 1
            if self._said.get(part) != str(error):
                self._said[part] = str(error)
                logger.warning("the %s cannot %s: %s", self._loop, part, error, exc_info=error)
            return otherwise
        self._said.pop(part, None)
        return outcome
