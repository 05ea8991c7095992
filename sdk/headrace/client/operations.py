"""The questions that programs most often ask, as data.

An operation is a GraphQL document, its variables and the field of the answer that is wanted. Both
clients perform the same operations; each brings but its own way to wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec

from headrace.endpoints import only_reads
from headrace.exceptions import ServiceError

T = TypeVar("T")

Object = dict[str, Any]


def _has(variables: Mapping[str, object], name: str) -> bool:
    """Whether a value of this name is among them, or in an input."""
    inputs = (value for value in variables.values() if isinstance(value, dict))
    return any(given.get(name) is not None for given in (variables, *inputs))


class Operation(msgspec.Struct, Generic[T], frozen=True):
    """What to send, and which field of the answer, of type `T`, it is about."""

    document: str
    variables: dict[str, object]
    field: str

    @property
    def repeatable(self) -> bool:
        """Whether asking for it twice does no harm: it reads, or has a key that tells of that."""
        return only_reads(self.document) or _has(self.variables, "idempotencyKey")

    def read(self, data: Object) -> T:
        """The wanted field of an answer's data."""
        value: T = data[self.field]
        return value


class Change(Operation[T], Generic[T], frozen=True):
    """A mutation, whose answer may be an error that the caller can mend."""

    def read(self, data: Object) -> T:
        """What became of it.

        Raises:
            ServiceError: nothing was changed; `code` and `field` say why.
        """
        value: Any = data[self.field]
        if isinstance(value, dict) and "code" in value and "message" in value:
            raise ServiceError(value["message"], value["code"], value.get("field"))
        return cast(T, value)


class SafeChange(Change[T], Generic[T], frozen=True):
    """A mutation that may be asked for twice: it names what is to be, or has its own id."""

    @property
    def repeatable(self) -> bool:
        """Yes, unless it is for one revision, of which it makes the next one."""
        return not _has(self.variables, "expectedRevision")


class Deletion(Change[bool], frozen=True):
    """A mutation that takes something away, if it is there."""

    def read(self, data: Object) -> bool:
        """Whether it was there."""
        try:
            super().read(data)
        except ServiceError as error:
            if error.code != "NotFound":
                raise
            return False
        return True


ERROR = "... on UserError { code message field }"
_INPUT = "key value sender createdAt"
#: What leads from a page to the next one; and to both sides.
PAGE = "pageInfo { hasNextPage endCursor }"
BOTH_WAYS = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
_STATE = "state { type name message timestamp runCount }"
_RUN = f"id name {_STATE} runCount tags createdAt startTime endTime durationSeconds"
FLOW_RUN = (
    f"{_RUN} flowName flowVersion parameters parentFlowRunId parentTaskRunId "
    "deploymentId scheduledTime taskRunCounts { type count }"
)
_BLOCKED = "blockedBy { reason message until heldBy { id name } }"
_TASK_RUN = f"{_RUN} taskName flowRunId inputs {{ parameter runId }}"
LOG_LINE = "cursor timestamp level levelName logger message flowRunId taskRunId"


def server_info() -> Operation[Object]:
    """What the service says of itself: `version`, `wireVersion`, `now`, `feedCursor`, …"""
    fields = "version wireVersion ledger now feedCursor logCursor"
    return Operation(f"query {{ serverInfo {{ {fields} }} }}", {}, "serverInfo")


def flow_runs(
    *,
    states: Sequence[str] | None = None,
    state_names: Sequence[str] | None = None,
    flow_name: str | None = None,
    flow_names: Sequence[str] | None = None,
    deployment_id: UUID | str | None = None,
    name_contains: str | None = None,
    names: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    due_after: str | None = None,
    top_level_only: bool = False,
    first: int = 50,
    after: str | None = None,
) -> Operation[Object]:
    """A page of flow runs, the newest first: `nodes`, `pageInfo` and `feedCursor`.

    Args:
        states: only runs in states of these types, such as `["RUNNING", "FAILED"]`.
        state_names: only runs in states of these names, such as `["TimedOut"]`.
        flow_name: only runs of this flow.
        flow_names: only runs of one of these flows.
        deployment_id: only runs of this deployment.
        name_contains: only runs with this text in their name.
        names: only runs with one of these names.
        tags: only runs that bear all of these.
        due_after: only runs that were due at this time or later, in ISO 8601 with a zone; what was
            never scheduled counts by when it was made.
        top_level_only: leave out the runs of subflows.
        first: how many at most; the service gives no more than 200 at once.
        after: the `endCursor` of the page before.
    """
    where = {
        "states": states,
        "stateNames": state_names,
        "flowName": flow_name,
        "flowNames": flow_names,
        "deploymentId": _text(deployment_id),
        "nameContains": name_contains,
        "names": names,
        "tags": tags,
        "dueAfter": due_after,
        "topLevelOnly": top_level_only,
    }
    document = (
        "query ($first: Int, $after: Cursor, $filter: FlowRunFilter) { "
        f"flowRuns(first: $first, after: $after, filter: $filter) "
        f"{{ nodes {{ {FLOW_RUN} {_BLOCKED} }} {BOTH_WAYS} feedCursor }} }}"
    )
    return Operation(document, _page(first, after, where), "flowRuns")


def flow_run(id: UUID | str) -> Operation[Object | None]:
    """A flow run with its `stateHistory`; None if there is none of that id."""
    document = (
        f"query ($id: ID!) {{ flowRun(id: $id) {{ {FLOW_RUN} {_BLOCKED} "
        f"stateHistory {{ type name message timestamp runCount }} }} }}"
    )
    return Operation(document, {"id": str(id)}, "flowRun")


def task_runs(
    *,
    flow_run_id: UUID | str | None = None,
    states: Sequence[str] | None = None,
    state_names: Sequence[str] | None = None,
    task_name: str | None = None,
    name_contains: str | None = None,
    names: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    started_after: str | None = None,
    ids: Sequence[str] | None = None,
    with_blockers: bool = False,
    first: int = 50,
    after: str | None = None,
) -> Operation[Object]:
    """A page of task runs: of a flow run the oldest first, else the newest; see `flow_runs`.

    Args:
        started_after: only runs that began at this time or later, in ISO 8601 with a zone.
        with_blockers: ask what holds each of them back, too, as `blockedBy`.
    """
    where = {
        "flowRunId": _text(flow_run_id),
        "states": states,
        "stateNames": state_names,
        "taskName": task_name,
        "nameContains": name_contains,
        "names": names,
        "tags": tags,
        "startedAfter": started_after,
        "ids": ids,
    }
    fields = f"{_TASK_RUN} {_BLOCKED}" if with_blockers else _TASK_RUN
    document = (
        "query ($first: Int, $after: Cursor, $filter: TaskRunFilter) { "
        f"taskRuns(first: $first, after: $after, filter: $filter) "
        f"{{ nodes {{ {fields} }} {BOTH_WAYS} feedCursor }} }}"
    )
    return Operation(document, _page(first, after, where), "taskRuns")


def task_run(id: UUID | str) -> Operation[Object | None]:
    """A task run with its `stateHistory`; None if there is none of that id."""
    document = (
        f"query ($id: ID!) {{ taskRun(id: $id) {{ {_TASK_RUN} {_BLOCKED} "
        f"stateHistory {{ type name message timestamp runCount }} }} }}"
    )
    return Operation(document, {"id": str(id)}, "taskRun")


def logs(
    *,
    flow_run_id: UUID | str | None = None,
    task_run_id: UUID | str | None = None,
    min_level: int | None = None,
    message_contains: str | None = None,
    include_subflows: bool = False,
    first: int = 50,
    after: str | None = None,
) -> Operation[Object]:
    """A page of log lines, the oldest first.

    Args:
        flow_run_id: only lines of this flow run …
        task_run_id: … or of this task run.
        min_level: only lines of this level or above; 30 is WARNING.
        message_contains: only lines with this text.
        include_subflows: also lines of the flow run's subflow runs.
        first: how many at most; the service gives no more than 200 at once.
        after: the `endCursor` of the page before.
    """
    where = {
        "flowRunId": _text(flow_run_id),
        "taskRunId": _text(task_run_id),
        "minLevel": min_level,
        "messageContains": message_contains,
        "includeSubflows": include_subflows,
    }
    document = (
        "query ($first: Int, $after: Cursor, $filter: LogFilter) { "
        f"logs(first: $first, after: $after, filter: $filter) "
        f"{{ nodes {{ {LOG_LINE} }} {BOTH_WAYS} feedCursor }} }}"
    )
    return Operation(document, _page(first, after, where), "logs")


def flow_run_input(flow_run_id: UUID | str, key: str) -> Operation[Object | None]:
    """What a flow run was given under `key`; None if it was given nothing."""
    document = (
        "query ($id: ID!, $key: String!) "
        f"{{ flowRunInput(flowRunId: $id, key: $key) {{ {_INPUT} }} }}"
    )
    return Operation(document, {"id": str(flow_run_id), "key": key}, "flowRunInput")


def flow_run_inputs(
    flow_run_id: UUID | str, prefix: str = "", first: int = 200
) -> Operation[list[Object]]:
    """What a flow run was given under keys that begin with `prefix`, the oldest first."""
    document = (
        "query ($id: ID!, $prefix: String!, $first: Int!) { "
        f"flowRunInputs(flowRunId: $id, prefix: $prefix, first: $first) {{ {_INPUT} }} }}"
    )
    variables = {"id": str(flow_run_id), "prefix": prefix, "first": first}
    return Operation(document, variables, "flowRunInputs")


def create_flow_run_input(
    flow_run_id: UUID | str,
    key: str,
    value: object,
    sender: str | None = None,
    *,
    replace: bool = False,
) -> Operation[Object]:
    """Give a flow run something; `replace` allows it to take the place of what has that key."""
    document = (
        "mutation ($id: ID!, $key: String!, $value: JSON!, $sender: String, $replace: Boolean!) { "
        "createFlowRunInput(flowRunId: $id, key: $key, value: $value, sender: $sender, "
        f"replace: $replace) {{ ... on FlowRunInput {{ {_INPUT} }} {ERROR} }} }}"
    )
    variables = {
        "id": str(flow_run_id),
        "key": key,
        "value": value,
        "sender": sender,
        "replace": replace,
    }
    return Change(document, variables, "createFlowRunInput")


def delete_flow_run_input(flow_run_id: UUID | str, key: str) -> Operation[bool]:
    """Take back what a flow run was given under `key`; whether there was anything."""
    document = (
        "mutation ($id: ID!, $key: String!) { deleteFlowRunInput(flowRunId: $id, key: $key) "
        f"{{ __typename {ERROR} }} }}"
    )
    return Deletion(document, {"id": str(flow_run_id), "key": key}, "deleteFlowRunInput")


def resume_flow_run(id: UUID | str, input: Mapping[str, object] | None = None) -> Operation[Object]:
    """Let a paused flow run go on, with the input that it waits for if it does."""
    document = (
        "mutation ($id: ID!, $input: JSON) { resumeFlowRun(id: $id, input: $input) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id), "input": input}, "resumeFlowRun")


def _page(first: int, after: str | None, where: Mapping[str, object]) -> dict[str, object]:
    given = {name: value for name, value in where.items() if value is not None}
    return {"first": first, "after": after, "filter": given}


def _text(run_id: UUID | str | None) -> str | None:
    return None if run_id is None else str(run_id)
