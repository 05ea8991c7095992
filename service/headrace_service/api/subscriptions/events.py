"""Everything that the event log takes: states of runs, and what users' programs tell of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.filters import LedgerEventFilter, ids_in, set_of
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.subscriptions.feeds import FeedAfter, checked, start_at
from headrace_service.api.types.feed import LedgerEvent, LedgerEvents, kind_of
from headrace_service.ledger.queries.custom_events import CustomEventRow
from headrace_service.ledger.rows import AUDIT
from headrace_service.ledger.tail import LedgerEvent as Row
from headrace_service.ledger.tail import Wanted
from headrace_service.ledger.tokens import Scope


@strawberry.type(description="What happens, of every kind.")
class EventSubscriptions:
    """The feed of the event log."""

    @strawberry.subscription(
        description="What happens, of every kind and in order: the states that runs enter, and "
        "the events that users' programs emit; for who has the scope ADMIN, also what becomes of "
        "API tokens."
    )
    async def events(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[
            LedgerEventFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> AsyncGenerator[LedgerEvents, None]:
        """Follow the event log."""
        context, start = info.context, start_at(info.context, Place.EVENT, after)
        runs = None if filter is None else ids_in(filter.flow_run_ids, "flowRunIds")
        wanted = _wanted(filter, runs)
        if context.caller.scope is not Scope.ADMIN:
            wanted = _but_audits(wanted)
        feed = context.ledger.feed.ledger_events(start, wanted, flow_run_ids=runs)
        async with aclosing(checked(Place.EVENT, feed)) as chunks:
            async for chunk in chunks:
                yield LedgerEvents(
                    events=[
                        context.ledger.feed.made_of(row, LedgerEvent, partial(LedgerEvent.of, row))
                        for row in chunk.rows
                    ],
                    cursor=encode_cursor(Place.EVENT, chunk.cursor),
                )


def _but_audits(wanted: Wanted[Row]) -> Wanted[Row]:
    """What is wanted, save what tells of API tokens."""

    def others(row: Row) -> bool:
        tells = isinstance(row, CustomEventRow) and row.payload.name.startswith(AUDIT)
        return not tells and wanted(row)

    return others


def _wanted(filter: LedgerEventFilter | None, runs: frozenset[UUID] | None) -> Wanted[Row]:
    if filter is None:
        return lambda row: True
    kinds = None if filter.kinds is None else frozenset(filter.kinds)
    names = set_of(filter.names, "names")

    def wanted(row: Row) -> bool:
        return (
            (kinds is None or kind_of(row) in kinds)
            and (runs is None or row.flow_run_id in runs)
            and (names is None or (isinstance(row, CustomEventRow) and row.payload.name in names))
        )

    return wanted
