"""Work on many rows of which one may be such as nobody has foreseen."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import peewee

logger = logging.getLogger("headrace_service.ledger")


@contextlib.contextmanager
def apart(db: peewee.Database, failure: str) -> Iterator[None]:
    """Undo what is done within if it fails, and say so; the rest of the transaction goes on.

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
    except Exception:  # whatever it is: the others' turn comes
        logger.exception("%s", failure)
