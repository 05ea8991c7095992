"""Work on many rows of which one may be such as nobody has foreseen."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import peewee

logger = logging.getLogger("headrace_service.ledger")

#: Failures that were told, with why, and how many of them: what is tried again and again is not to
#: fill the log.
_told: dict[str, str] = {}
MOST_TOLD = 1000


@contextlib.contextmanager
def apart(db: peewee.Database, failure: str) -> Iterator[None]:
    """Undo what is done within if it fails, and say so once; the rest of the transaction goes on.

    Args:
        db: the writer's database.
        failure: what it means when it fails, with the id of what it is about.

    Raises:
        OperationalError, InterfaceError: the database itself is away, or full.
    """
    try:
        with db.savepoint():
            yield
    except (peewee.OperationalError, peewee.InterfaceError):
        raise
    except Exception as error:  # whatever it is: the others' turn comes
        if _told.get(failure) != str(error):
            logger.exception("%s", failure)
            _told[failure] = str(error)
            if len(_told) > MOST_TOLD:
                del _told[next(iter(_told))]
    else:
        _told.pop(failure, None)
