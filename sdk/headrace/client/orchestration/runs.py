"""Flow runs, as programs that look after them ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.client import operations, run_operations, work
from headrace.client.orchestration.asking import (
    Asking,
    deleting,
    done,
    everything,
    found_or_not,
    raise_status,
    some,
)
from headrace.client.orchestration.changes import accepted, as_new, refused
from headrace.client.orchestration.deployments import fits
from headrace.client.orchestration.translation import (
    flow_runs_where,
    run_order,
    task_runs_where,
)
from headrace.client.schemas import answers
from headrace.client.schemas.filters import (
    DeploymentFilter,
    FlowFilter,
    FlowRunFilter,
    TaskRunFilter,
)
from headrace.client.schemas.objects import FlowRun
from headrace.client.schemas.responses import OrchestrationResult
from headrace.client.schemas.sorting import FlowRunSort
from headrace.exceptions import ObjectAlreadyExists, ServiceError
from headrace.names import generate_name
from headrace.states import Pending, State

if TYPE_CHECKING:
    from headrace.flows import Flow


def read_flow_run(flow_run_id: UUID) -> Asking[FlowRun]:
    """A flow run by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield run_operations.flow_run(flow_run_id)
    run = answers.flow_run(found_or_not(found, f"flow run {flow_run_id}"))
    if run.state is not None and run.state.is_paused():
        yield from _tell_of_pause(run.id, run.state)
    return run


def _tell_of_pause(flow_run_id: UUID, state: State[Any]) -> Asking[None]:
    """Put into a state's details what its run has said of the pause."""
    details = state.state_details
    details.pause_reschedule = state.name == "Suspended"
    match (yield operations.flow_run_input(flow_run_id, "pause")):
        case {"value": {"response": str(key)}}:  # that of the answer, made of the pause's
            key = key.removeprefix(f"{state.name.lower()}-").removesuffix("-response")
            details.pause_key = key


def read_flow_runs(
    *,
    flow_filter: FlowFilter | None = None,
    flow_run_filter: FlowRunFilter | None = None,
    task_run_filter: TaskRunFilter | None = None,
    deployment_filter: DeploymentFilter | None = None,
    sort: FlowRunSort | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[FlowRun]]:
    """Flow runs that fit, in an order.

    Args:
        flow_filter: of which flows.
        flow_run_filter: which runs.
        task_run_filter: which of their task runs they must have.
        deployment_filter: of which deployments.
        sort: in which order; the newest first unless given.
        limit: how many at most; 200 unless given.
        offset: how many to leave out first.
    """
    where = yield from runs_where(flow_filter, flow_run_filter, task_run_filter, deployment_filter)
    order = run_order(sort)
    rows = yield from some(
        lambda size, start: run_operations.search_flow_runs(where, order, size, start),
        limit,
        offset,
    )
    return [answers.flow_run(row) for row in rows]


def count_flow_runs(
    *,
    flow_filter: FlowFilter | None = None,
    flow_run_filter: FlowRunFilter | None = None,
    task_run_filter: TaskRunFilter | None = None,
    deployment_filter: DeploymentFilter | None = None,
) -> Asking[int]:
    """How many flow runs fit; see `read_flow_runs`."""
    where = yield from runs_where(flow_filter, flow_run_filter, task_run_filter, deployment_filter)
    number: int = yield run_operations.count_flow_runs(where)
    return number


def runs_where(
    flows: FlowFilter | None,
    runs: FlowRunFilter | None,
    tasks: TaskRunFilter | None,
    deployments: DeploymentFilter | None,
) -> Asking[dict[str, Any]]:
    """GraphQL's `FlowRunFilter` for all of these together."""
    where = flow_runs_where(flows, runs)
    if deployments is not None:
        rows = yield from everything(lambda after: work.deployments(after=after))
        fitting = [row["id"] for row in rows if fits(deployments, answers.deployment(row))]
        where["deploymentIds"] = [
            one for one in fitting if one in where.get("deploymentIds", fitting)
        ]
    if tasks is not None:
        found = yield from some(
            lambda size, start: run_operations.search_task_runs(
                task_runs_where(tasks), where, "NEWEST", size, start
            ),
            10_000,
            0,
        )
        where["ids"] = list({row["flowRunId"]: None for row in found})
    return where


def read_flow_run_states(flow_run_id: UUID) -> Asking[list[State[Any]]]:
    """The states that a flow run has been in, the oldest first."""
    found = yield run_operations.flow_run_states(flow_run_id)
    states = [] if found is None else found["stateHistory"]
    return [answers.state(state, flow_run_id=flow_run_id) for state in states]


def create_flow_run(
    flow: Flow[..., Any],
    name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    parent_task_run_id: UUID | None = None,
    state: State[Any] | None = None,
) -> Asking[FlowRun]:
    """Record a run of a flow that the program itself carries out: nobody else starts it.

    Args:
        flow: the flow.
        name: the run's name; by default one is made up.
        parameters: the arguments by name.
        context: has no effect; programs written for Prefect may give it.
        tags: the run's tags.
        parent_task_run_id: the task run that starts it.
        state: the state it begins in; PENDING unless given.
    """
    from pydantic_core import to_jsonable_python

    begins = state or Pending()
    due = begins.state_details.scheduled_time
    new = {
        "flowName": flow.name,
        "flowVersion": flow.version,
        "name": name or generate_name(),
        "state": as_new(begins),
        "parameters": to_jsonable_python(dict(parameters or {}), fallback=str),
        "tags": sorted(tags or ()),
        "parentTaskRunId": None if parent_task_run_id is None else str(parent_task_run_id),
        "scheduledTime": None if due is None else due.isoformat(),
    }
    found = yield run_operations.create_flow_run_by_hand(new)
    return answers.flow_run(found)


def create_flow_run_from_deployment(
    deployment_id: UUID,
    *,
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    state: State[Any] | None = None,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    idempotency_key: str | None = None,
    parent_task_run_id: UUID | None = None,
    work_queue_name: str | None = None,
    job_variables: Mapping[str, Any] | None = None,
) -> Asking[FlowRun]:
    """Ask for a run of a deployment.

    Args:
        deployment_id: the deployment.
        parameters: arguments over those of the deployment.
        context: has no effect; programs written for Prefect may give it.
        state: `Scheduled(scheduled_time=…)` for a run that is due later than now.
        name: the run's name; by default one is made up.
        tags: tags besides those of the deployment.
        idempotency_key: asked for again under the same key, it is the same run.
        parent_task_run_id: the task run that asks for it.
        work_queue_name: another queue of the deployment's pool.
        job_variables: what to tell the worker, over what the deployment does.

    Raises:
        ObjectNotFound: there is no such deployment.
        HeadraceHTTPStatusError: the arguments do not fit; the message names them.
    """
    due = None if state is None else state.state_details.scheduled_time
    wanted = {
        "deployment": str(deployment_id),
        "parameters": dict(parameters or {}),
        "scheduledTime": None if due is None else due.isoformat(),
        "name": name,
        "tags": sorted(tags or ()),
        "idempotencyKey": idempotency_key,
        "parentTaskRunId": None if parent_task_run_id is None else str(parent_task_run_id),
        "workQueueName": work_queue_name,
        "jobVariables": dict(job_variables or {}),
    }
    try:
        found = yield work.create_flow_run(wanted, run_operations.FLOW_RUN)
    except ServiceError as error:
        if error.code == "InvalidInput":
            raise_status(HTTPStatus.CONFLICT, str(error))
        raise
    return answers.flow_run(found)


def update_flow_run(
    flow_run_id: UUID,
    flow_version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    name: str | None = None,
    tags: Sequence[str] | None = None,
) -> Asking[Any]:
    """Change what a flow run is called, and what is said of it; what is not given stays.

    Returns:
        A response of status 204.

    Raises:
        ObjectNotFound: there is no such run.
    """
    changes: dict[str, Any] = {
        "flowVersion": flow_version,
        "parameters": None if parameters is None else dict(parameters),
        "name": name,
        "tags": None if tags is None else list(tags),
    }
    yield run_operations.update_flow_run(flow_run_id, changes)
    return done()


def set_flow_run_name(flow_run_id: UUID, name: str) -> Asking[Any]:
    """Give a flow run another name; see `update_flow_run`."""
    return (yield from update_flow_run(flow_run_id, name=name))


def delete_flow_run(flow_run_id: UUID) -> Asking[None]:
    """Delete a flow run with its task runs, log lines and history.

    Raises:
        ObjectNotFound: there is no such run.
        HeadraceHTTPStatusError: a process is at work on it, status 409.
    """
    yield from deleting(work.delete_flow_run(flow_run_id))


def set_flow_run_state(
    flow_run_id: UUID | str, state: State[Any], force: bool = False
) -> Asking[OrchestrationResult]:
    """Let a flow run enter a state.

    Args:
        flow_run_id: the run.
        state: the state.
        force: whether it enters it whatever it is in: an end is final otherwise.

    Returns:
        Whether it did, and the state that it is in.

    Raises:
        ObjectNotFound: there is no such run.
    """
    try:
        found = yield run_operations.set_flow_run_state(flow_run_id, as_new(state), force)
    except ObjectAlreadyExists as error:
        found = yield run_operations.flow_run(flow_run_id)
        return refused(state, answers.flow_run(found).state, str(error))
    return accepted(answers.flow_run(found).state)
