"""Work on many rows of which one may be such as nobody has foreseen."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

import peewee

from headrace_service.ledger.database import kind_of

logger = logging.getLogger("headrace_service.ledger")

#: Seconds for which a failure that comes again and again is not spoken of again.
SILENCE = 60.0
#: Failures that are remembered, at most.
MOST = 1000


class Complaints:
    """Says what fails: the first time, and then once a minute with how often.

    Args:
        clock: seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        #: When each was spoken of last, and how often it has come since.
        self._said: dict[str, tuple[float, int]] = {}

    def tell(self, failure: str) -> None:
        """Something fails, with the exception that is being handled."""
        now = self._clock()
        at, count = self._said.pop(failure, (None, 0))
        if at is not None and now < at + SILENCE:
            self._said[failure] = at, count + 1
            return
        if count:
            logger.exception("%s; so it was %d times more since it was said last", failure, count)
        else:
            logger.exception("%s", failure)
        self._said[failure] = now, 0
        if len(self._said) > MOST:  # the one that has not come for the longest time
            del self._said[next(iter(self._said))]


_complaints = Complaints()


@contextlib.contextmanager
def telling(failure: str) -> Iterator[None]:
    """Say what fails within, and go on.

    Args:
        failure: what it means when it fails, with the id of what it is about.
    """
    try:
        yield
    except Exception:  # whatever it is: the others' turn comes
        _complaints.tell(failure)


@contextlib.contextmanager
def apart(db: peewee.Database, failure: str) -> Iterator[None]:
    """Undo what is done within if it fails, and say so; the rest of the transaction goes on.

    Args:
        db: the writer's database.
        failure: what it means when it fails, with the id of what it is about.

    Raises:
        Exception: the database itself is away, or full.
    """
    try:
        with db.savepoint():
            yield
    except Exception as error:  # whatever it is: the others' turn comes
        if kind_of(db).spoils_all(error):
            raise
        _complaints.tell(failure)
