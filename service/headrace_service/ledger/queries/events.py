"""The event log: the history of a run's states, and where the live feeds stand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import STATES, Event, Log
from headrace_service.ledger.queries.retained import newest_deleted_event, newest_deleted_log
from headrace_service.ledger.rows import StatePayload

#: States of one run that its history tells of, at most.
MOST_STATES = 1_000

_payload = msgspec.json.Decoder(StatePayload)


class StateRow(msgspec.Struct, frozen=True):
    """A state that a run was or is in. `at` is in microseconds since 1970 UTC."""

    at: int
    payload: StatePayload


def latest(db: peewee.Database) -> tuple[int, int]:
    """The newest event's and the newest log line's number; 0 where there is none."""
    return latest_event(db), latest_log(db)


def latest_event(db: peewee.Database) -> int:
    """The newest event's number; when all were deleted for their age, the last one's of those."""
    return Event.select(peewee.fn.MAX(Event.seq)).scalar(db) or newest_deleted_event(db)


def latest_log(db: peewee.Database) -> int:
    """The newest log line's number; see `latest_event`."""
    return Log.select(peewee.fn.MAX(Log.seq)).scalar(db) or newest_deleted_log(db)


def kept_results(db: peewee.Database, subjects: Sequence[UUID]) -> list[str | None]:
    """Where what came of each of the runs is kept, as the state tells that it is in."""
    newest = Event.select(peewee.fn.MAX(Event.seq)).where(
        Event.subject_id.in_(subjects), Event.kind.in_(STATES)
    )
    query = Event.select(Event.subject_id, Event.payload).where(
        Event.seq.in_(newest.group_by(Event.subject_id))
    )
    found = {
        subject: _payload.decode(payload).result for subject, payload in query.tuples().execute(db)
    }
    return [found.get(subject) for subject in subjects]


def histories(db: peewee.Database, subjects: Sequence[UUID]) -> list[list[StateRow]]:
    """The states that each of the runs has been in, oldest first; a list for each run.

    Of one that was in more than `MOST_STATES`, only the newest.
    """
    newest = peewee.fn.ROW_NUMBER().over(
        partition_by=[Event.subject_id], order_by=[Event.seq.desc()]
    )
    part = (
        Event.select(Event.subject_id, Event.at, Event.payload, newest.alias("place"))
        .where(Event.subject_id.in_(subjects), Event.kind.in_(STATES))
        .alias("part")
    )
    columns = (part.c.subject_id, part.c.place, part.c.at, part.c.payload)
    query = peewee.Select([part], columns).where(part.c.place <= MOST_STATES)
    found: dict[bytes, dict[int, StateRow]] = {subject.bytes: {} for subject in subjects}
    for subject, place, at, payload in query.tuples().execute(db):
        found[bytes(subject)][place] = StateRow(at, _payload.decode(payload))
    histories = (found[subject.bytes] for subject in subjects)
    return [[of[place] for place in sorted(of, reverse=True)] for of in histories]
