"""The events that users' programs have emitted."""

from __future__ import annotations

from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import IS_CUSTOM, Event
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset, quoted
from headrace_service.ledger.rows import AUDIT, CustomPayload

_payload = msgspec.json.Decoder(CustomPayload)


class CustomEventRow(msgspec.Struct, frozen=True):
    """An event. `at` is in microseconds since 1970 UTC."""

    seq: int
    at: int
    flow_run_id: UUID | None
    id: UUID
    payload: CustomPayload


def page_of_events(
    db: peewee.Database,
    page: Page,
    name: str | None,
    flow_run_id: UUID | None,
    *,
    with_audit: bool = True,
) -> Slice[CustomEventRow]:
    """A page of the events, newest first; by name, or of one flow run.

    Without `with_audit`, what tells of API tokens is left out.
    """
    query = Event.select(
        Event.seq, Event.at, Event.flow_run_id, Event.subject_id, Event.payload
    ).where(IS_CUSTOM)
    if name is not None:
        # The payload's first field, so that this is a stretch of texts in their order.
        start = f'{{"name":{quoted(name)},'
        query = query.where(Event.payload >= start, Event.payload < f"{start}\U0010ffff")
    if not with_audit:
        start = f'{{"name":"{AUDIT}'
        query = query.where(~Event.payload.between(start, f"{start}\U0010ffff"))
    if flow_run_id is not None:
        query = query.where(Event.flow_run_id == flow_run_id)
    query = keyset(query, Event.seq, page, newest_first=True)
    rows = [
        CustomEventRow(seq, at, owner, event_id, _payload.decode(text))
        for seq, at, owner, event_id, text in query.tuples().execute(db)
    ]
    return cut(rows, page, latest_event(db))
