"""Task runs, as programs that look after them ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.client import run_operations
from headrace.client.orchestration.asking import Asking, found_or_not, some
from headrace.client.orchestration.changes import accepted, as_new, refused
from headrace.client.orchestration.runs import runs_where
from headrace.client.orchestration.translation import run_order, task_runs_where
from headrace.client.schemas import answers
from headrace.client.schemas.filters import (
    DeploymentFilter,
    FlowFilter,
    FlowRunFilter,
    TaskRunFilter,
)
from headrace.client.schemas.objects import TaskRun, TaskRunResult
from headrace.client.schemas.responses import OrchestrationResult
from headrace.client.schemas.sorting import TaskRunSort
from headrace.exceptions import ObjectAlreadyExists
from headrace.ids import new_id
from headrace.names import generate_name
from headrace.records import StateChange, StateType, TaskRunCreated
from headrace.states import Pending, State

if TYPE_CHECKING:
    from headrace.tasks import Task


def read_task_run(task_run_id: UUID) -> Asking[TaskRun]:
    """A task run by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield run_operations.task_run(task_run_id)
    return answers.task_run(found_or_not(found, f"task run {task_run_id}"))


def read_task_runs(
    *,
    flow_filter: FlowFilter | None = None,
    flow_run_filter: FlowRunFilter | None = None,
    task_run_filter: TaskRunFilter | None = None,
    deployment_filter: DeploymentFilter | None = None,
    sort: TaskRunSort | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[TaskRun]]:
    """Task runs that fit, in an order; see `read_flow_runs`."""
    runs: dict[str, Any] | None = None
    if flow_filter or flow_run_filter or deployment_filter:
        runs = yield from runs_where(flow_filter, flow_run_filter, None, deployment_filter)
    where, order = task_runs_where(task_run_filter), run_order(sort)
    rows = yield from some(
        lambda size, start: run_operations.search_task_runs(where, runs, order, size, start),
        limit,
        offset,
    )
    return [answers.task_run(row) for row in rows]


def read_task_run_states(task_run_id: UUID) -> Asking[list[State[Any]]]:
    """The states that a task run has been in, the oldest first."""
    found = yield run_operations.task_run_states(task_run_id)
    states = [] if found is None else found["stateHistory"]
    return [answers.task_state(state, task_run_id=task_run_id) for state in states]


def create_task_run(
    task: Task[..., Any],
    flow_run_id: UUID | None,
    dynamic_key: str,
    id: UUID | None = None,
    name: str | None = None,
    extra_tags: Iterable[str] | None = None,
    state: State[Any] | None = None,
    task_inputs: Mapping[str, Iterable[Any]] | None = None,
) -> Asking[TaskRun]:
    """Record a run of a task that the program itself carries out.

    Args:
        task: the task.
        flow_run_id: the flow run that it belongs to; None for one outside of every flow run.
        dynamic_key: what the answer has under this name; it is not kept.
        id: the run's id; by default a new one.
        name: the run's name; by default one is made up.
        extra_tags: its tags besides the task's.
        state: the state it begins in; PENDING unless given.
        task_inputs: the runs whose results go into it, by parameter, as `TaskRunResult`.

    Raises:
        ObjectAlreadyExists: there is a run of that id.
    """
    begins = state or Pending()
    attempt = int(begins.type is not StateType.PENDING and begins.type is not StateType.SCHEDULED)
    change = StateChange(begins.type, begins.name, begins.micros, begins.message, attempt)
    sources = {
        parameter: [source.id for source in given if isinstance(source, TaskRunResult)]
        for parameter, given in (task_inputs or {}).items()
    }
    created = TaskRunCreated(
        id or new_id(),
        task.name,
        name or generate_name(),
        change,
        flow_run_id,
        sorted({*task.tags, *(extra_tags or ())}),
        {parameter: runs for parameter, runs in sources.items() if runs},
    )
    yield run_operations.record([created])
    made = yield from read_task_run(created.id)
    return made.model_copy(update={"dynamic_key": dynamic_key, "task_key": task.task_key})


def set_task_run_state(
    task_run_id: UUID, state: State[Any], force: bool = False
) -> Asking[OrchestrationResult]:
    """Let a task run enter a state; see `set_flow_run_state`."""
    try:
        found = yield run_operations.set_task_run_state(task_run_id, as_new(state), force)
    except ObjectAlreadyExists as error:
        found = yield run_operations.task_run(task_run_id)
        return refused(state, answers.task_run(found).state, str(error))
    return accepted(answers.task_run(found).state)
