"""What automations do: each action is a verb of the ledger, in the transaction that fired it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import peewee

from headrace.records import Name, StateType, Text
from headrace_service.ledger.automation_rows import forget_counts
from headrace_service.ledger.deletion import begin_deletion
from headrace_service.ledger.deployments import set_deployment_paused
from headrace_service.ledger.errors import InvalidInput, NotFound
from headrace_service.ledger.flow_run_inputs import resume_flow_run
from headrace_service.ledger.models import Automation, WorkPool, WorkQueue
from headrace_service.ledger.occurrences import known_of
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.run_changes import NewState, set_flow_run_state
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import cancel, suspend
from headrace_service.ledger.work_pools import set_pool_paused
from headrace_service.templates import filled, wrong_place
from headrace_service.triggers import ID, Occurrence

Source = Literal["selected", "inferred"]


class DoNothing(msgspec.Struct, frozen=True, tag="do-nothing"):
    """Nothing."""


class RunDeployment(msgspec.Struct, frozen=True, tag="run-deployment"):
    """Ask for a run of a deployment, due after so many seconds."""

    deployment_id: UUID | None = None
    source: Source = "selected"
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: Annotated[float, msgspec.Meta(ge=0, le=10_000_000_000)] = 0.0


class PauseDeployment(msgspec.Struct, frozen=True, tag="pause-deployment"):
    """Let a deployment's schedules rest."""

    deployment_id: UUID | None = None
    source: Source = "selected"


class ResumeDeployment(msgspec.Struct, frozen=True, tag="resume-deployment"):
    """Let a deployment's schedules go on."""

    deployment_id: UUID | None = None
    source: Source = "selected"


class ChangeFlowRunState(msgspec.Struct, frozen=True, tag="change-flow-run-state"):
    """Let the flow run that the event is about enter a state."""

    state: StateType
    name: Name | None = None
    message: Text | None = None
    force: bool = False


class CancelFlowRun(msgspec.Struct, frozen=True, tag="cancel-flow-run"):
    """Cancel the flow run that the event is about."""


class DeleteFlowRun(msgspec.Struct, frozen=True, tag="delete-flow-run"):
    """Delete the flow run that the event is about."""


class SuspendFlowRun(msgspec.Struct, frozen=True, tag="suspend-flow-run"):
    """Suspend the flow run that the event is about."""


class ResumeFlowRun(msgspec.Struct, frozen=True, tag="resume-flow-run"):
    """Resume the flow run that the event is about."""


class PauseWorkPool(msgspec.Struct, frozen=True, tag="pause-work-pool"):
    """Let a pool's workers take no more runs."""

    work_pool_id: UUID | None = None
    source: Source = "selected"


class ResumeWorkPool(msgspec.Struct, frozen=True, tag="resume-work-pool"):
    """Let a pool's workers take runs again."""

    work_pool_id: UUID | None = None
    source: Source = "selected"


class PauseWorkQueue(msgspec.Struct, frozen=True, tag="pause-work-queue"):
    """Let nobody take runs of a queue."""

    work_queue_id: UUID | None = None
    source: Source = "selected"


class ResumeWorkQueue(msgspec.Struct, frozen=True, tag="resume-work-queue"):
    """Let runs of a queue be taken again."""

    work_queue_id: UUID | None = None
    source: Source = "selected"


class PauseAutomation(msgspec.Struct, frozen=True, tag="pause-automation"):
    """Let an automation rest; inferred, the one that acts."""

    automation_id: UUID | None = None
    source: Source = "selected"


class ResumeAutomation(msgspec.Struct, frozen=True, tag="resume-automation"):
    """Let an automation act again."""

    automation_id: UUID | None = None
    source: Source = "selected"


Action = (
    DoNothing
    | RunDeployment
    | PauseDeployment
    | ResumeDeployment
    | ChangeFlowRunState
    | CancelFlowRun
    | DeleteFlowRun
    | SuspendFlowRun
    | ResumeFlowRun
    | PauseWorkPool
    | ResumeWorkPool
    | PauseWorkQueue
    | ResumeWorkQueue
    | PauseAutomation
    | ResumeAutomation
)

#: What only those may ask for who may do it themselves with the scope ADMIN.
FOR_ADMINS = (DeleteFlowRun, PauseWorkPool, ResumeWorkPool, PauseWorkQueue, ResumeWorkQueue)


def check_action(action: Action, field: str) -> None:
    """Insist that it can be known what an action is to act on.

    Raises:
        InvalidInput: it names nothing, or too much, or has a template that is none.
    """
    for name in ("deployment_id", "work_pool_id", "work_queue_id", "automation_id"):
        if hasattr(action, name):
            selected = action.source == "selected"  # type: ignore[union-attr]
            if selected is (getattr(action, name) is None):
                what = "is required" if selected else "is not allowed"
                raise InvalidInput(f"{field}: {name} {what}", f"{field}.{name}")
    if isinstance(action, RunDeployment):
        wrong = wrong_place([action.parameters, action.job_variables])
        if wrong is not None:
            raise InvalidInput(
                f"{field}: {wrong[:80]!r} is no path such as {{{{ event.id }}}}; expressions, "
                "and filters other than tojson, are not evaluated",
                f"{field}.parameters",
            )


def perform(
    db: peewee.Database, action: Action, automation: tuple[UUID, str], event: Occurrence, now: int
) -> dict[str, str]:
    """Do what an action says.

    Args:
        db: the writer's database.
        action: the action.
        automation: the id and the name of the automation whose it is.
        event: the event that made it act.
        now: microseconds since 1970 UTC.

    Returns:
        What it has made or changed, as labels.

    Raises:
        Refused: it cannot be done; the message says why.
    """
    match action:
        case DoNothing():
            return {}
        case RunDeployment():
            return _run(db, action, automation, event, now)
        case PauseDeployment() | ResumeDeployment():
            key = action.deployment_id or inferred(event, "deployment")
            set_deployment_paused(db, key, isinstance(action, PauseDeployment))
            return {ID: f"headrace.deployment.{key}"}
        case PauseWorkPool() | ResumeWorkPool():
            key = action.work_pool_id or inferred(event, "work-pool")
            pool = WorkPool.select(WorkPool.name).where(WorkPool.id == key).scalar(db)
            if pool is None:
                raise NotFound(f"there is no work pool {key}")
            set_pool_paused(db, pool, isinstance(action, PauseWorkPool))
            return {ID: f"headrace.work-pool.{key}"}
        case PauseWorkQueue() | ResumeWorkQueue():
            key = action.work_queue_id or inferred(event, "work-queue")
            paused = {WorkQueue.paused: isinstance(action, PauseWorkQueue)}
            if not WorkQueue.update(paused).where(WorkQueue.id == key).execute(db):
                raise NotFound(f"there is no work queue {key}")
            return {ID: f"headrace.work-queue.{key}"}
        case PauseAutomation() | ResumeAutomation():
            key = action.automation_id or automation[0]
            set_enabled(db, key, isinstance(action, ResumeAutomation), now)
            return {ID: f"headrace.automation.{key}"}
        case _:
            return _steer(db, action, inferred(event, "flow-run"))


def _run(
    db: peewee.Database,
    action: RunDeployment,
    automation: tuple[UUID, str],
    event: Occurrence,
    now: int,
) -> dict[str, str]:
    known = known_of(db, event, automation)
    try:
        parameters = filled(action.parameters or {}, known)
        variables = filled(action.job_variables or {}, known)
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"parameters: what is to be JSON is none: {error}") from None
    delay = round(action.schedule_after * 1_000_000)
    wanted = RunRequest(
        str(action.deployment_id or inferred(event, "deployment")),
        parameters,
        job_variables=variables,
        scheduled_time=now + delay if delay else None,
    )
    return {ID: f"headrace.flow-run.{create_run(db, wanted)}"}


def _steer(db: peewee.Database, action: Action, run_id: UUID) -> dict[str, str]:
    match action:
        case CancelFlowRun():
            cancel(db, run_id)
        case SuspendFlowRun():
            suspend(db, run_id)
        case ResumeFlowRun():
            resume_flow_run(db, run_id, None)
        case DeleteFlowRun():
            begin_deletion(db, run_id)
        case ChangeFlowRunState():
            name = action.name or action.state.value.capitalize()
            state = NewState(action.state, name, action.message, action.force)
            set_flow_run_state(db, run_id, state)
    return {ID: f"headrace.flow-run.{run_id}"}


def set_enabled(db: peewee.Database, key: UUID, enabled: bool, now: int) -> None:
    """Let an automation act on events from now on, or rest.

    Raises:
        NotFound: there is no such automation.
    """
    forget_counts(db, key)
    values: dict[Any, Any] = {
        Automation.enabled: enabled,
        Automation.updated_at: now,
        Automation.revision: Automation.revision + 1,
    }
    if enabled:
        values[Automation.after] = latest_event(db)
    if not Automation.update(values).where(Automation.id == key).execute(db):
        raise NotFound(f"there is no automation {key}", "id")


def inferred(event: Occurrence, kind: str) -> UUID:
    """The thing of a kind that an event is about, or that has a part in it.

    Raises:
        NotFound: there is none.
    """
    beginning = f"headrace.{kind}."
    for labels in (event.resource, *event.related):
        text = labels.get(ID, "")
        if text.startswith(beginning):
            try:
                return UUID(text.removeprefix(beginning))
            except ValueError:
                continue
    raise NotFound(f"the event {event.name!r} is about no {kind.replace('-', ' ')}")
