"""Log lines, as they are taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.filters import LogFilter, logs_where
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.subscriptions.feeds import FeedAfter, checked, start_at
from headrace_service.api.types.feed import LogLines
from headrace_service.api.types.log import LogLine
from headrace_service.api.watching import Within, matches
from headrace_service.ledger.queries.logs import LogRow


@strawberry.type(description="What is logged.")
class LogSubscriptions:
    """The feed of log lines."""

    @strawberry.subscription(description="The log lines as they are taken.")
    async def logs(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[
            LogFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> AsyncGenerator[LogLines, None]:
        """Follow log lines."""
        context, where = info.context, logs_where(filter)
        start = start_at(context, Place.LOG, after)
        ids, within = None, None
        if where.flow_run_id is not None and where.include_subflows:
            # Which runs will be below it is not known yet, so that all lines are looked at.
            within = Within(context.ledger, where.flow_run_id)
        elif where.flow_run_id is not None:
            ids = frozenset({where.flow_run_id})

        async def narrow(rows: list[LogRow]) -> list[LogRow]:
            rows = rows if within is None else await within.only(rows)
            return [row for row in rows if matches(row, where)]

        feed = context.ledger.feed.logs(
            start,
            flow_run_ids=ids,
            task_run_id=where.task_run_id,
            min_level=where.min_level,
            narrow=narrow,
        )
        async with aclosing(checked(Place.LOG, feed)) as chunks:
            async for chunk in chunks:
                yield LogLines(
                    lines=[
                        context.ledger.feed.made_of(row, LogLine, partial(LogLine.of, row))
                        for row in chunk.rows
                    ],
                    cursor=encode_cursor(Place.LOG, chunk.cursor),
                )
