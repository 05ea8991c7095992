"""Log lines, as programs that look after runs ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headrace.client import run_operations
from headrace.client.orchestration.asking import PAGE, Asking, cut
from headrace.client.orchestration.translation import Where, each_log_filter
from headrace.client.schemas import answers
from headrace.client.schemas.actions import LogCreate
from headrace.client.schemas.filters import LogFilter
from headrace.client.schemas.objects import Log
from headrace.client.schemas.sorting import LogSort
from headrace.clipping import clip
from headrace.records import LogLine
from headrace.states.state import micros_of
from headrace.text import clip_name


def create_logs(logs: Iterable[LogCreate | Mapping[str, Any]]) -> Asking[None]:
    """Write log lines, as the runs that they name would."""
    lines = [LogCreate.model_validate(line) for line in logs]
    if not lines:
        return
    yield run_operations.record(
        [
            LogLine(
                micros_of(line.timestamp),
                line.level,
                clip_name(line.name),
                clip(line.message),
                line.flow_run_id,
                line.task_run_id,
            )
            for line in lines
        ]
    )


def read_logs(
    log_filter: LogFilter | None = None,
    limit: int | None = None,
    offset: int | None = None,
    sort: LogSort = LogSort.TIMESTAMP_ASC,
) -> Asking[list[Log]]:
    """Log lines that fit, by the time they were written.

    Args:
        log_filter: which lines.
        limit: how many at most; 200 unless given.
        offset: how many to leave out first.
        sort: the oldest first unless given.
    """
    newest_first = sort is LogSort.TIMESTAMP_DESC
    wanted = (offset or 0) + (PAGE if limit is None else limit)
    lines: list[Log] = []
    for where in each_log_filter(log_filter):
        lines += yield from _lines(where, log_filter, wanted, newest_first)
    lines.sort(key=lambda line: line.timestamp, reverse=newest_first)
    return cut(lines, limit, offset or 0)


def _lines(
    where: Where, log_filter: LogFilter | None, wanted: int, newest_first: bool
) -> Asking[list[Log]]:
    """Enough lines from one end of a list, in the order of reading."""
    found: list[Log] = []
    cursor: str | None = None
    while len(found) < wanted:
        way = {"last": PAGE, "before": cursor} if newest_first else {"first": PAGE, "after": cursor}
        page: dict[str, Any] = yield run_operations.logs(where, **way)
        lines = [answers.log(row) for row in page["nodes"]]
        if newest_first:
            lines.reverse()
        found += [line for line in lines if _fits(log_filter, line)]
        about = page["pageInfo"]
        if not about["hasPreviousPage" if newest_first else "hasNextPage"]:
            break
        cursor = about["startCursor" if newest_first else "endCursor"]
    return found


def _fits(wanted: LogFilter | None, line: Log) -> bool:
    """Whether a line fits what the service was not asked for."""
    if wanted is None:
        return True
    level, name, task_run = wanted.level, wanted.name, wanted.task_run_id
    if level is not None and level.le_ is not None and line.level > level.le_:
        return False
    if name is not None and name.any_ is not None and line.name not in name.any_:
        return False
    if task_run is not None and task_run.is_null_ is not None:
        return (line.task_run_id is None) is task_run.is_null_
    return True
