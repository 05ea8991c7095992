"""Flows, in the order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import Flow
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset


class FlowRow(msgspec.Struct, frozen=True):
    """A flow. `created_at` is in microseconds since 1970 UTC."""

    id: UUID
    name: str
    created_at: int


_COLUMNS = (Flow.id, Flow.name, Flow.created_at)


def page_of_flows(db: peewee.Database, page: Page, name_contains: str | None) -> Slice[FlowRow]:
    """A page of the flows, by name."""
    query = Flow.select(*_COLUMNS)
    if name_contains:
        query = query.where(Flow.name.contains(name_contains))
    query = keyset(query, Flow.name, page, newest_first=False)
    rows = [FlowRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def flows_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[FlowRow | None]:
    """The flow of each id; None where there is none."""
    query = Flow.select(*_COLUMNS).where(Flow.id.in_(ids))
    found = {row[0]: FlowRow(*row) for row in query.tuples().execute(db)}
    return [found.get(flow_id) for flow_id in ids]


def flow_by_name(db: peewee.Database, name: str) -> FlowRow | None:
    """The flow of that name, if there is one."""
    query = Flow.select(*_COLUMNS).where(Flow.name == name)
    return next((FlowRow(*row) for row in query.tuples().execute(db)), None)
