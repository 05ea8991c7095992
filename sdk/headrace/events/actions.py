"""What an automation does when its trigger fires."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID

import pydantic

from headrace.records import StateType

#: Of what an action is: of the one that is named, or of the one that the event is about.
Source = Literal["selected", "inferred"]


def _not_negative(delay: timedelta, info: pydantic.ValidationInfo) -> timedelta:
    if delay < timedelta(0):
        raise ValueError(f"{info.field_name} must be non-negative")
    return delay


#: How long a run waits.
Delay = Annotated[timedelta, pydantic.AfterValidator(_not_negative)]


class Action(pydantic.BaseModel):
    """The root of actions; `type` tells which one it is."""

    model_config = pydantic.ConfigDict(ser_json_timedelta="float")

    type: str

    def describe_for_cli(self) -> str:
        """What it does, for people."""
        return self.type.replace("-", " ").capitalize()


class DoNothing(Action):
    """Nothing."""

    type: Literal["do-nothing"] = "do-nothing"


def _insist_on_one(source: Source, name: str, value: UUID | None) -> None:
    if (source == "selected") != (value is not None):
        raise ValueError(f"{name} is {'required' if value is None else 'not allowed'}")


class DeploymentAction(Action):
    """What is done to a deployment: `deployment_id`, or, inferred, the one the event is about."""

    source: Source = "selected"
    deployment_id: UUID | None = None

    @pydantic.model_validator(mode="after")
    def _names_one(self) -> Self:
        _insist_on_one(self.source, "deployment_id", self.deployment_id)
        return self


class RunDeployment(DeploymentAction):
    """Ask for a run of a deployment.

    Attributes:
        parameters: its arguments, which may hold templates such as `{{ event.id }}`.
        job_variables: what it tells the worker besides.
        schedule_after: how long it waits before it is due.
    """

    type: Literal["run-deployment"] = "run-deployment"
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: Delay = timedelta(0)


class PauseDeployment(DeploymentAction):
    """Let a deployment's schedules rest."""

    type: Literal["pause-deployment"] = "pause-deployment"


class ResumeDeployment(DeploymentAction):
    """Let a deployment's schedules go on."""

    type: Literal["resume-deployment"] = "resume-deployment"


class ChangeFlowRunState(Action):
    """Let the flow run that the event is about enter a state.

    Attributes:
        name: the state's name; by default its type's.
        state: the state's type.
        message: what is said of it.
        force: whether it may enter it whatever the rules say.
    """

    type: Literal["change-flow-run-state"] = "change-flow-run-state"
    name: str | None = None
    state: StateType
    message: str | None = None
    force: bool = False


class CancelFlowRun(Action):
    """Cancel the flow run that the event is about."""

    type: Literal["cancel-flow-run"] = "cancel-flow-run"


class DeleteFlowRun(Action):
    """Delete the flow run that the event is about."""

    type: Literal["delete-flow-run"] = "delete-flow-run"


class ResumeFlowRun(Action):
    """Resume the flow run that the event is about."""

    type: Literal["resume-flow-run"] = "resume-flow-run"


class SuspendFlowRun(Action):
    """Suspend the flow run that the event is about."""

    type: Literal["suspend-flow-run"] = "suspend-flow-run"


class CallWebhook(Action):
    """Call a webhook; a ledger refuses automations that would."""

    type: Literal["call-webhook"] = "call-webhook"
    block_document_id: UUID
    payload: str = ""


class SendNotification(Action):
    """Send a notification; a ledger refuses automations that would."""

    type: Literal["send-notification"] = "send-notification"
    block_document_id: UUID
    subject: str = "Headrace automated notification"
    body: str


class WorkPoolAction(Action):
    """What is done to a work pool: `work_pool_id`, or, inferred, the one the event is about."""

    source: Source = "selected"
    work_pool_id: UUID | None = None


class PauseWorkPool(WorkPoolAction):
    """Let a work pool's workers take no more runs."""

    type: Literal["pause-work-pool"] = "pause-work-pool"


class ResumeWorkPool(WorkPoolAction):
    """Let a work pool's workers take runs again."""

    type: Literal["resume-work-pool"] = "resume-work-pool"


class WorkQueueAction(Action):
    """What is done to a work queue: `work_queue_id`, or, inferred, the one the event is about."""

    source: Source = "selected"
    work_queue_id: UUID | None = None

    @pydantic.model_validator(mode="after")
    def _names_one(self) -> Self:
        _insist_on_one(self.source, "work_queue_id", self.work_queue_id)
        return self


class PauseWorkQueue(WorkQueueAction):
    """Let nobody take runs of a work queue."""

    type: Literal["pause-work-queue"] = "pause-work-queue"


class ResumeWorkQueue(WorkQueueAction):
    """Let runs of a work queue be taken again."""

    type: Literal["resume-work-queue"] = "resume-work-queue"


class AutomationAction(Action):
    """What is done to an automation: `automation_id`, or, inferred, the one that acts."""

    source: Source = "selected"
    automation_id: UUID | None = None

    @pydantic.model_validator(mode="after")
    def _names_one(self) -> Self:
        _insist_on_one(self.source, "automation_id", self.automation_id)
        return self


class PauseAutomation(AutomationAction):
    """Let an automation rest."""

    type: Literal["pause-automation"] = "pause-automation"


class ResumeAutomation(AutomationAction):
    """Let an automation act again."""

    type: Literal["resume-automation"] = "resume-automation"


class DeclareIncident(Action):
    """Declare an incident; a ledger refuses automations that would."""

    type: Literal["declare-incident"] = "declare-incident"


ActionTypes = (
    DoNothing
    | RunDeployment
    | PauseDeployment
    | ResumeDeployment
    | ResumeFlowRun
    | CancelFlowRun
    | DeleteFlowRun
    | ChangeFlowRunState
    | PauseWorkQueue
    | ResumeWorkQueue
    | SendNotification
    | CallWebhook
    | PauseAutomation
    | ResumeAutomation
    | SuspendFlowRun
    | PauseWorkPool
    | ResumeWorkPool
    | DeclareIncident
)

_KNOWN = frozenset(kind.model_fields["type"].default for kind in get_args(ActionTypes))


class UnknownAction(Action):
    """An action of a type that this version does not know; its fields are kept as they are."""

    model_config = pydantic.ConfigDict(extra="allow")

    @pydantic.field_validator("type")
    @classmethod
    def _is_unknown(cls, value: str) -> str:
        if value in _KNOWN:
            raise ValueError(f"{value!r} is a known action type and cannot be an UnknownAction")
        return value


def _whether_known(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "unknown" if isinstance(kind, str) and kind not in _KNOWN else "known"


ActionTypesOrUnknown = Annotated[
    Annotated[ActionTypes, pydantic.Tag("known")]
    | Annotated[UnknownAction, pydantic.Tag("unknown")],
    pydantic.Discriminator(_whether_known),
]
