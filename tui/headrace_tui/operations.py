"""The GraphQL documents of the monitor, and how their answers become models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any

from headrace_tui.format import clean, one_line
from headrace_tui.models import LogPage, LogRow, Page, Run, RunDetails, State

_STATE = "state { type name message timestamp runCount }"
_FLOW_RUN = f"""
  id name flowName createdAt startTime endTime parentFlowRunId tags {_STATE}
  taskRunCounts {{ type count }}
"""
_TASK_RUN = f"id name taskName flowRunId createdAt startTime endTime tags {_STATE}"
_HISTORY = "stateHistory { type name message timestamp runCount }"
_PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } feedCursor"
_LOG = "cursor timestamp level logger message flowRunId taskRunId"
#: How many of those that have what a run waits for are shown.
MOST_HOLDERS = 5
_BLOCKED = "blockedBy { message heldBy { name } heldByTaskRuns { name } }"

SERVER_INFO = "{ serverInfo { version ledger now feedCursor } }"

FLOW_RUNS = f"""
query FlowRuns($first: Int!, $after: Cursor, $filter: FlowRunFilter) {{
  flowRuns(first: $first, after: $after, filter: $filter) {{ nodes {{ {_FLOW_RUN} }} {_PAGE} }}
}}"""

FLOW_RUN = f"""
query FlowRun($id: ID!) {{
  flowRun(id: $id) {{ {_FLOW_RUN} flowVersion parameters {_HISTORY} {_BLOCKED} }}
}}"""

TASK_RUN = f"""
query TaskRun($id: ID!) {{
  taskRun(id: $id) {{ {_TASK_RUN} {_HISTORY} inputs {{ parameter runId }} {_BLOCKED} }}
}}"""

TASK_RUNS = f"""
query TaskRuns($run: ID!, $first: Int!, $after: Cursor) {{
  flowRun(id: $run) {{
    taskRuns(first: $first, after: $after) {{ nodes {{ {_TASK_RUN} }} {_PAGE} }}
  }}
}}"""

SUBFLOW_RUNS = f"""
query SubflowRuns($run: ID!, $first: Int!, $after: Cursor) {{
  flowRun(id: $run) {{
    subflowRuns(first: $first, after: $after) {{ nodes {{ {_FLOW_RUN} }} {_PAGE} }}
  }}
}}"""

LOGS = f"""
query Logs($last: Int!, $before: Cursor, $filter: LogFilter) {{
  logs(last: $last, before: $before, filter: $filter) {{ nodes {{ {_LOG} }} {_PAGE} }}
}}"""

LOGS_ONWARD = f"""
query LogsOnward($first: Int!, $after: Cursor, $filter: LogFilter) {{
  logs(first: $first, after: $after, filter: $filter) {{ nodes {{ {_LOG} }} {_PAGE} }}
}}"""

FLOW_RUN_EVENTS = f"""
subscription FlowRuns($after: Cursor, $filter: FlowRunEventFilter, $progress: Boolean!) {{
  flowRuns(after: $after, filter: $filter, progress: $progress) {{
    events {{ cursor flowRun {{ {_FLOW_RUN} }} }} cursor
  }}
}}"""

TASK_RUN_EVENTS = f"""
subscription TaskRuns($after: Cursor, $run: ID) {{
  taskRuns(after: $after, flowRunId: $run) {{
    events {{ cursor state {{ type }} taskRun {{ {_TASK_RUN} }} }} cursor
  }}
}}"""

LOG_LINES = f"""
subscription Logs($after: Cursor, $filter: LogFilter) {{
  logs(after: $after, filter: $filter) {{ lines {{ {_LOG} }} cursor }}
}}"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(text: str) -> int:
    """A GraphQL DateTime as microseconds since 1970-01-01 UTC."""
    passed = datetime.fromisoformat(text) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _moment(text: str | None) -> int | None:
    return None if text is None else micros(text)


def _blocker(blocker: Mapping[str, Any]) -> str:
    """What holds a run back, and who has what it waits for."""
    names = [each["name"] for each in blocker["heldByTaskRuns"] or blocker["heldBy"]]
    if not names:
        return str(blocker["message"])
    more = " and others" if len(names) > MOST_HOLDERS else ""
    return f"{blocker['message']} Held by {', '.join(names[:MOST_HOLDERS])}{more}."


class Reader:
    """Makes models of the service's answers.

    Names, messages and log lines are whatever programs recorded. Here, and nowhere else, they lose
    what could move a terminal's cursor or hide what they say; so what is drawn need not be looked
    at again.

    Args:
        raw: leave texts as they were recorded, for whoever writes them in a form that escapes.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self._line: Callable[[str], str] = str if raw else one_line
        self._text: Callable[[str], str] = str if raw else clean

    def state(self, data: Mapping[str, Any]) -> State:
        """A `State` of the schema."""
        message = data["message"]
        return State(
            data["type"],
            self._line(data["name"]),
            micros(data["timestamp"]),
            message and self._line(message),
            data["runCount"],
        )

    def flow_run(self, data: Mapping[str, Any]) -> Run:
        """A `FlowRun` of the schema."""
        return Run(
            id=data["id"],
            kind="flow",
            name=self._line(data["name"]),
            group=self._line(data["flowName"]),
            state=self.state(data["state"]),
            created=micros(data["createdAt"]),
            start_time=_moment(data["startTime"]),
            end_time=_moment(data["endTime"]),
            counts={entry["type"]: entry["count"] for entry in data["taskRunCounts"]},
            parent_id=data["parentFlowRunId"],
            tags=tuple(map(self._line, data["tags"])),
        )

    def task_run(self, data: Mapping[str, Any]) -> Run:
        """A `TaskRun` of the schema."""
        return Run(
            id=data["id"],
            kind="task",
            name=self._line(data["name"]),
            group=self._line(data["taskName"]),
            state=self.state(data["state"]),
            created=micros(data["createdAt"]),
            start_time=_moment(data["startTime"]),
            end_time=_moment(data["endTime"]),
            parent_id=data["flowRunId"],
            tags=tuple(map(self._line, data["tags"])),
        )

    def log(self, data: Mapping[str, Any]) -> LogRow:
        """A `LogLine` of the schema. What repeats from line to line is held once."""
        flow_run_id, task_run_id = data["flowRunId"], data["taskRunId"]
        return LogRow(
            data["cursor"],
            micros(data["timestamp"]),
            data["level"],
            intern(self._line(data["logger"])),
            self._text(data["message"]),
            flow_run_id and intern(flow_run_id),
            task_run_id and intern(task_run_id),
        )

    def page(self, data: Mapping[str, Any]) -> Page:
        """A connection of flow runs or task runs."""
        info = data["pageInfo"]
        rows = [
            self.flow_run(node) if "flowName" in node else self.task_run(node)
            for node in data["nodes"]
        ]
        end = info["endCursor"]
        return Page(rows, end if info["hasNextPage"] else None, data["feedCursor"], end)

    def log_page(self, data: Mapping[str, Any]) -> LogPage:
        """A connection of log lines."""
        info = data["pageInfo"]
        return LogPage(
            [self.log(node) for node in data["nodes"]],
            info["startCursor"] if info["hasPreviousPage"] else None,
            info["endCursor"] if info["hasNextPage"] else None,
            data["feedCursor"],
        )

    def details(self, data: Mapping[str, Any]) -> RunDetails:
        """A run with its history."""
        version, inputs = data.get("flowVersion"), data.get("inputs") or ()
        return RunDetails(
            run=self.flow_run(data) if "flowName" in data else self.task_run(data),
            history=[self.state(state) for state in data["stateHistory"]],
            parameters=data.get("parameters"),
            flow_version=version and self._line(version),
            inputs=[(self._line(entry["parameter"]), entry["runId"]) for entry in inputs],
            blocked_by=[self._line(_blocker(each)) for each in data["blockedBy"]],
        )

    def runs(self, events: Iterable[Mapping[str, Any]], field: str) -> dict[str, Run]:
        """The runs of a message of events: the last look at each."""
        read = self.flow_run if field == "flowRun" else self.task_run
        nodes = {event[field]["id"]: event[field] for event in events if event[field] is not None}
        return {key: read(node) for key, node in nodes.items()}
