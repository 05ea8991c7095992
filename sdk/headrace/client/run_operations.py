"""Operations about flows and runs, with all that programs want to know of them; as `operations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from headrace.client.operations import BOTH_WAYS, ERROR, PAGE, Change, Object, Operation, SafeChange
from headrace.exceptions import ServiceError
from headrace.ids import new_id
from headrace.records import Record, RecordBatch

_STATE = "type name message timestamp runCount result"
_RUN = f"id name tags runCount createdAt startTime endTime durationSeconds state {{ {_STATE} }}"
_FLOW = "id name createdAt"
#: What programs want to know of a flow run.
FLOW_RUN = (
    f"{_RUN} flow {{ id name }} flowVersion parameters parentFlowRunId parentTaskRunId "
    "deploymentId scheduledTime workPoolName workQueueName"
)
_TASK_RUN = f"{_RUN} taskName flowRunId inputs {{ parameter runId }}"
_EVENT = "id occurred name resource related payload flowRunId"
_LOG = "timestamp level logger message flowRunId taskRunId"

Where = Mapping[str, object]


class Recording(Change[Object], frozen=True):
    """The mutation that takes records."""

    def read(self, data: Object) -> Object:
        """What became of them.

        Raises:
            ServiceError: one was refused; the others were taken.
        """
        taken = super().read(data)
        for refused in taken["refused"]:
            raise ServiceError(refused["message"], refused["code"], refused["field"])
        return taken


def record(records: Sequence[Record]) -> Operation[Object]:
    """Take records that are of no process's stream."""
    document = (
        "mutation ($batch: RecordBatch!) { record(batch: $batch) "
        f"{{ ... on RecordAck {{ refused {{ code message field }} }} {ERROR} }} }}"
    )
    batch = RecordBatch(new_id(), 1, list(records))
    return Recording(document, {"batch": msgspec.to_builtins(batch)}, "record")


# -- flows -----------------------------------------------------------------------------------------


def flow(*, id: UUID | str | None = None, name: str | None = None) -> Operation[Object | None]:
    """A flow by its id or name; None if there is none."""
    document = f"query ($id: ID, $name: String) {{ flow(id: $id, name: $name) {{ {_FLOW} }} }}"
    return Operation(document, {"id": None if id is None else str(id), "name": name}, "flow")


def create_flow(name: str) -> Operation[Object]:
    """Make a flow known by its name, if it is not."""
    document = (
        "mutation ($name: String!) { createFlow(name: $name) "
        f"{{ ... on Flow {{ {_FLOW} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"name": name}, "createFlow")


def delete_flow(id: UUID | str) -> Operation[Object]:
    """Forget a flow that has no deployments and no runs."""
    document = (
        f"mutation ($id: ID!) {{ deleteFlow(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "deleteFlow")


def flows(after: str | None = None, first: int = 200) -> Operation[Object]:
    """A page of the flows, by name."""
    document = (
        "query ($first: Int, $after: Cursor) { flows(first: $first, after: $after) "
        f"{{ nodes {{ {_FLOW} }} {PAGE} }} }}"
    )
    return Operation(document, {"first": first, "after": after}, "flows")


# -- runs ------------------------------------------------------------------------------------------


def flow_run(id: UUID | str) -> Operation[Object | None]:
    """A flow run; None if there is none of that id."""
    document = f"query ($id: ID!) {{ flowRun(id: $id) {{ {FLOW_RUN} }} }}"
    return Operation(document, {"id": str(id)}, "flowRun")


def flow_run_states(id: UUID | str) -> Operation[Object | None]:
    """The states that a flow run has been in, oldest first, as `stateHistory`."""
    document = f"query ($id: ID!) {{ flowRun(id: $id) {{ stateHistory {{ {_STATE} }} }} }}"
    return Operation(document, {"id": str(id)}, "flowRun")


def task_run(id: UUID | str) -> Operation[Object | None]:
    """A task run; None if there is none of that id."""
    document = f"query ($id: ID!) {{ taskRun(id: $id) {{ {_TASK_RUN} }} }}"
    return Operation(document, {"id": str(id)}, "taskRun")


def task_run_states(id: UUID | str) -> Operation[Object | None]:
    """The states that a task run has been in, oldest first, as `stateHistory`."""
    document = f"query ($id: ID!) {{ taskRun(id: $id) {{ stateHistory {{ {_STATE} }} }} }}"
    return Operation(document, {"id": str(id)}, "taskRun")


def search_flow_runs(where: Where, order: str, limit: int, offset: int) -> Operation[list[Object]]:
    """Flow runs in an order; `where` is GraphQL's `FlowRunFilter`, `order` its `RunOrder`."""
    document = (
        "query ($where: FlowRunFilter, $order: RunOrder, $limit: Int!, $offset: Int!) { "
        "searchFlowRuns(filter: $where, orderBy: $order, limit: $limit, offset: $offset) "
        f"{{ {FLOW_RUN} }} }}"
    )
    given: dict[str, object] = {
        "where": dict(where),
        "order": order,
        "limit": limit,
        "offset": offset,
    }
    return Operation(document, given, "searchFlowRuns")


def search_task_runs(
    where: Where, flow_runs: Where | None, order: str, limit: int, offset: int
) -> Operation[list[Object]]:
    """Task runs in an order, of the flow runs that fit `flow_runs`; see `search_flow_runs`."""
    document = (
        "query ($where: TaskRunFilter, $runs: FlowRunFilter, $order: RunOrder, $limit: Int!, "
        "$offset: Int!) { searchTaskRuns(filter: $where, flowRuns: $runs, orderBy: $order, "
        f"limit: $limit, offset: $offset) {{ {_TASK_RUN} }} }}"
    )
    given: dict[str, object] = {
        "where": dict(where),
        "runs": None if flow_runs is None else dict(flow_runs),
        "order": order,
        "limit": limit,
        "offset": offset,
    }
    return Operation(document, given, "searchTaskRuns")


def count_flow_runs(where: Where) -> Operation[int]:
    """How many flow runs fit; a million when there are more."""
    document = "query ($where: FlowRunFilter) { countFlowRuns(filter: $where, countUpTo: 1000000) }"
    return Operation(document, {"where": dict(where)}, "countFlowRuns")


def create_flow_run_by_hand(run: Where) -> Operation[Object]:
    """A run that the program itself carries out; `run` is GraphQL's `NewFlowRun`."""
    document = (
        "mutation ($run: NewFlowRun!) { createFlowRunByHand(run: $run) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"run": dict(run)}, "createFlowRunByHand")


def set_flow_run_state(id: UUID | str, state: Where, force: bool) -> Operation[Object]:
    """Let a flow run enter a state; `state` is GraphQL's `NewState`."""
    document = (
        "mutation ($id: ID!, $state: NewState!, $force: Boolean!) { "
        "setFlowRunState(id: $id, state: $state, force: $force) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(
        document, {"id": str(id), "state": dict(state), "force": force}, "setFlowRunState"
    )


def set_task_run_state(id: UUID | str, state: Where, force: bool) -> Operation[Object]:
    """Let a task run enter a state; `state` is GraphQL's `NewState`."""
    document = (
        "mutation ($id: ID!, $state: NewState!, $force: Boolean!) { "
        "setTaskRunState(id: $id, state: $state, force: $force) "
        f"{{ ... on TaskRun {{ {_TASK_RUN} }} {ERROR} }} }}"
    )
    return Change(
        document, {"id": str(id), "state": dict(state), "force": force}, "setTaskRunState"
    )


def update_flow_run(id: UUID | str, changes: Where) -> Operation[Object]:
    """Change a flow run; `changes` is GraphQL's `FlowRunChanges`."""
    document = (
        "mutation ($id: ID!, $changes: FlowRunChanges!) { "
        "updateFlowRun(id: $id, changes: $changes) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id), "changes": dict(changes)}, "updateFlowRun")


def logs(where: Where, **page: Any) -> Operation[Object]:
    """A page of log lines; `where` is GraphQL's `LogFilter`, `page` a connection's arguments."""
    document = (
        "query ($where: LogFilter, $first: Int, $after: Cursor, $last: Int, $before: Cursor) { "
        "logs(filter: $where, first: $first, after: $after, last: $last, before: $before) "
        f"{{ nodes {{ {_LOG} }} "
        f"{BOTH_WAYS} }} }}"
    )
    return Operation(document, {"where": dict(where), **page}, "logs")


# -- events ----------------------------------------------------------------------------------------

#: Everything that happens, in order.
HAPPENINGS = f"""
subscription ($after: Cursor, $filter: LedgerEventFilter) {{
  events(after: $after, filter: $filter) {{
    cursor
    events {{
      kind occurred flowRunId taskRunId state {{ type name message }} event {{ {_EVENT} }}
    }}
  }}
}}
"""


def events(name: str | None = None, first: int = 50, after: str | None = None) -> Operation[Object]:
    """A page of the events that programs have told of, newest first."""
    document = (
        "query ($name: String, $first: Int, $after: Cursor) { "
        "events(name: $name, first: $first, after: $after) "
        f"{{ nodes {{ {_EVENT} }} {PAGE} }} }}"
    )
    return Operation(document, {"name": name, "first": first, "after": after}, "events")
