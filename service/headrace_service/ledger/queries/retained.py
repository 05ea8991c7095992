"""From where on the feeds, and what is known of streams, are whole: what came before may have been
deleted for its age."""

from __future__ import annotations

from uuid import UUID

import peewee

from headrace_service.ledger.columns import least_id
from headrace_service.ledger.models import Retention


def newest_deleted_event(db: peewee.Database) -> int:
    """The place up to which events may be gone; 0 where none ever went.

    A cursor of exactly that place, or a later one, misses nothing.
    """
    return _deleted_to(db, "event")


def newest_deleted_log(db: peewee.Database) -> int:
    """The place up to which log lines may be gone; see `newest_deleted_event`."""
    return _deleted_to(db, "log")


def may_be_forgotten(db: peewee.Database, client_id: UUID) -> bool:
    """Whether a stream that is not known may be one that was, and was forgotten for its age."""
    return client_id < least_id(_deleted_to(db, "stream"))


def _deleted_to(db: peewee.Database, kind: str) -> int:
    query = Retention.select(Retention.deleted_to).where(Retention.kind == kind)
    return query.scalar(db) or 0
