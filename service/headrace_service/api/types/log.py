"""Log lines."""

from __future__ import annotations

import logging

import strawberry

from headrace_service.api.context import Context
from headrace_service.api.pagination import Connection, Place, connection, encode_cursor
from headrace_service.api.scalars import Cursor, DateTime
from headrace_service.api.sharing import Answers
from headrace_service.ledger.queries.logs import LogRow
from headrace_service.ledger.queries.paging import Slice


@strawberry.type(description="A line that a flow or task has logged.")
class LogLine:
    """A log line."""

    answers: strawberry.Private[Answers]
    cursor: Cursor = strawberry.field(
        description="Its place, both in lists of log lines and in the feed of them."
    )
    timestamp: DateTime = strawberry.field(description="When it was written.")
    level: int = strawberry.field(description="Its level as a number: 20 is INFO, 40 ERROR.")
    level_name: str = strawberry.field(description="Its level's name, such as INFO.")
    logger: str = strawberry.field(description="The logger that wrote it.")
    message: str = strawberry.field(description="What it says.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that was running."
    )
    task_run_id: strawberry.ID | None = strawberry.field(
        description="The task run that was running, if one was."
    )

    @classmethod
    def of(cls, row: LogRow) -> LogLine:
        """The line of a row."""
        return cls(
            cursor=encode_cursor(Place.LOG, row.seq),
            timestamp=DateTime(row.at),
            level=row.level,
            level_name=logging.getLevelName(row.level),
            logger=row.logger,
            message=row.message,
            flow_run_id=optional_id(row.flow_run_id),
            task_run_id=optional_id(row.task_run_id),
            answers=Answers(),
        )


@strawberry.type(description="A page of log lines.")
class LogConnection(Connection[LogLine]):
    """Log lines, oldest first; `feed_cursor` is for the feed of log lines."""


def optional_id(value: object | None) -> strawberry.ID | None:
    """An id as the schema shows it."""
    return None if value is None else strawberry.ID(str(value))


def log_connection(context: Context, rows: Slice[LogRow]) -> LogConnection:
    """The connection of a page of log lines."""
    context.spend(rows.rows)
    page = connection(rows, LogLine.of, Place.LOG, lambda row: row.seq, feed=Place.LOG)
    return LogConnection(
        nodes=page.nodes, edges=page.edges, page_info=page.page_info, feed_cursor=page.feed_cursor
    )
