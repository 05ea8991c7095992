"""Operations of programs that look after runs, flows and concurrency limits; as `operations`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from headrace.client.operations import ERROR, PAGE, Change, Object, Operation

_STATE = "type name message timestamp runCount result"
_RUN = f"id name tags runCount createdAt startTime endTime durationSeconds state {{ {_STATE} }}"
_FLOW = "id name createdAt"
_FLOW_RUN = (
    f"{_RUN} flow {{ id name }} flowVersion parameters parentFlowRunId parentTaskRunId "
    "deploymentId scheduledTime"
)
_TASK_RUN = f"{_RUN} taskName flowRunId inputs {{ parameter runId }}"
_LOG = "timestamp level logger message flowRunId taskRunId"
_LIMIT = "id name limit total active slotsTaken slotDecayPerSecond createdAt updatedAt"
_CLAIM = "leaseId slots key since until host pid flowRun { id name } taskRun { id name }"

Where = Mapping[str, object]


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
    return Change(document, {"name": name}, "createFlow")


def flows(after: str | None = None) -> Operation[Object]:
    """A page of the flows, by name."""
    document = (
        "query ($after: Cursor) { flows(first: 200, after: $after) "
        f"{{ nodes {{ {_FLOW} }} {PAGE} }} }}"
    )
    return Operation(document, {"after": after}, "flows")


# -- runs ------------------------------------------------------------------------------------------


def flow_run(id: UUID | str) -> Operation[Object | None]:
    """A flow run; None if there is none of that id."""
    document = f"query ($id: ID!) {{ flowRun(id: $id) {{ {_FLOW_RUN} }} }}"
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
        f"{{ {_FLOW_RUN} }} }}"
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
        f"{{ ... on FlowRun {{ {_FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"run": dict(run)}, "createFlowRunByHand")


def create_run_of_deployment(input: Where) -> Operation[Object]:
    """A run of a deployment; `input` is GraphQL's `CreateFlowRunInput`."""
    document = (
        "mutation ($input: CreateFlowRunInput!) { createFlowRun(input: $input) "
        f"{{ ... on FlowRun {{ {_FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"input": dict(input)}, "createFlowRun")


def set_flow_run_state(id: UUID | str, state: Where, force: bool) -> Operation[Object]:
    """Let a flow run enter a state; `state` is GraphQL's `NewState`."""
    document = (
        "mutation ($id: ID!, $state: NewState!, $force: Boolean!) { "
        "setFlowRunState(id: $id, state: $state, force: $force) "
        f"{{ ... on FlowRun {{ {_FLOW_RUN} }} {ERROR} }} }}"
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
        f"{{ ... on FlowRun {{ {_FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id), "changes": dict(changes)}, "updateFlowRun")


def logs(where: Where, **page: Any) -> Operation[Object]:
    """A page of log lines; `where` is GraphQL's `LogFilter`, `page` a connection's arguments."""
    document = (
        "query ($where: LogFilter, $first: Int, $after: Cursor, $last: Int, $before: Cursor) { "
        "logs(filter: $where, first: $first, after: $after, last: $last, before: $before) "
        f"{{ nodes {{ {_LOG} }} "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    return Operation(document, {"where": dict(where), **page}, "logs")


# -- concurrency limits ----------------------------------------------------------------------------


def concurrency_limit(name: str) -> Operation[Object | None]:
    """A concurrency limit by its name; None if there is none."""
    document = f"query ($name: String!) {{ concurrencyLimit(name: $name) {{ {_LIMIT} }} }}"
    return Operation(document, {"name": name}, "concurrencyLimit")


def holders_of_limit(name: str) -> Operation[Object | None]:
    """A concurrency limit with its `holders` and `waiters`; None if there is none."""
    document = (
        f"query ($name: String!) {{ concurrencyLimit(name: $name) {{ {_LIMIT} "
        f"holders {{ {_CLAIM} }} waiters {{ {_CLAIM} }} }} }}"
    )
    return Operation(document, {"name": name}, "concurrencyLimit")


def concurrency_limits(after: str | None = None) -> Operation[Object]:
    """A page of the concurrency limits."""
    document = (
        "query ($after: Cursor) { concurrencyLimits(first: 200, after: $after) "
        f"{{ nodes {{ {_LIMIT} }} {PAGE} }} }}"
    )
    return Operation(document, {"after": after}, "concurrencyLimits")


def _limit_change(verb: str, given: dict[str, object], limit: str) -> Operation[Object]:
    document = (
        f"mutation ($name: String!, $limit: {limit}, $active: Boolean, $decay: Float, $total: Int) "
        f"{{ {verb}(name: $name, limit: $limit, active: $active, slotDecayPerSecond: $decay, "
        "total: $total) "
        f"{{ ... on ConcurrencyLimit {{ {_LIMIT} }} {ERROR} }} }}"
    )
    return Change(document, given, verb)


def create_concurrency_limit(
    name: str, limit: int, active: bool | None, decay: float | None, total: int | None = None
) -> Operation[Object]:
    """Make a concurrency limit.

    `decay` is how many slots come back by themselves each second, `total` how many all keys
    together may take.
    """
    given: dict[str, object] = {
        "name": name,
        "limit": limit,
        "active": active,
        "decay": decay,
        "total": total,
    }
    return _limit_change("createConcurrencyLimit", given, "Int!")


def update_concurrency_limit(
    name: str,
    limit: int | None,
    active: bool | None,
    decay: float | None,
    total: int | None = None,
) -> Operation[Object]:
    """Change a concurrency limit; what is None stays, and a `total` of 0 is none."""
    given: dict[str, object] = {
        "name": name,
        "limit": limit,
        "active": active,
        "decay": decay,
        "total": total,
    }
    return _limit_change("updateConcurrencyLimit", given, "Int")


def reset_concurrency_limit(name: str) -> Operation[Object]:
    """Free a concurrency limit's slots, whoever holds them."""
    document = (
        "mutation ($name: String!) { resetConcurrencyLimit(name: $name) "
        f"{{ ... on ConcurrencyLimit {{ {_LIMIT} }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "resetConcurrencyLimit")


def delete_concurrency_limit(name: str) -> Operation[Object]:
    """Delete a concurrency limit."""
    document = (
        "mutation ($name: String!) { deleteConcurrencyLimit(name: $name) "
        f"{{ __typename {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "deleteConcurrencyLimit")
