"""Flows: making them known by their names. Those that run or are deployed are known by that."""

from __future__ import annotations

from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.records import Name, now_micros
from headrace_service.ledger.errors import Conflict, NotFound
from headrace_service.ledger.models import Deployment, Flow, FlowRun
from headrace_service.ledger.queries.flows import FlowRow


class NewFlow(msgspec.Struct, frozen=True):
    """A flow that is to be known."""

    name: Name


def create_flow(db: peewee.Database, new: NewFlow) -> FlowRow:
    """The flow of that name, which is made known if it is not."""
    return flow_named(db, new.name, now_micros())


def delete_flow(db: peewee.Database, flow_id: UUID) -> UUID:
    """Forget a flow that has no deployments and no runs.

    Raises:
        NotFound: there is none.
        Conflict: it has some.
    """
    if not Flow.select().where(Flow.id == flow_id).exists(db):
        raise NotFound(f"there is no flow {flow_id}", "id")
    for table, what in ((Deployment, "deployments"), (FlowRun, "runs")):
        if table.select().where(table.flow_id == flow_id).exists(db):
            raise Conflict(f"flow {flow_id} has {what}; delete them first", "id")
    Flow.delete().where(Flow.id == flow_id).execute(db)
    return flow_id


def flow_named(db: peewee.Database, name: str, now: int) -> FlowRow:
    """The same, with the time in microseconds since 1970 UTC."""
    row = {Flow.id: uuid_utils.uuid7().bytes, Flow.name: name, Flow.created_at: now}
    Flow.insert(row).on_conflict_ignore().execute(db)
    query = Flow.select(Flow.id, Flow.name, Flow.created_at).where(Flow.name == name)
    (found,) = query.tuples().execute(db)
    return FlowRow(*found)
