"""From where on the feeds are whole: what came before may have been deleted for its age."""

from __future__ import annotations

import peewee

from headrace_service.ledger.models import Retention


def oldest_event_seq(db: peewee.Database) -> int:
    """The place up to which events may be gone; 0 where none ever went.

    A cursor of exactly that place, or a later one, misses nothing.
    """
    return _deleted_to(db, "event")


def oldest_log_seq(db: peewee.Database) -> int:
    """The place up to which log lines may be gone; see `oldest_event_seq`."""
    return _deleted_to(db, "log")


def _deleted_to(db: peewee.Database, kind: str) -> int:
    query = Retention.select(Retention.deleted_to).where(Retention.kind == kind)
    return query.scalar(db) or 0
