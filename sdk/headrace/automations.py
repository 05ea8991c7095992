"""Automations: what is to be done once events have, or have not, happened.

    Automation(
        name="clean up after failures",
        trigger=EventTrigger(expect={"headrace.flow-run.Failed"}),
        actions=[RunDeployment(deployment_id=...)],
    ).create()

`create`, `read`, `update`, `delete`, `enable` and `disable` are for any code, and in asynchronous
code have to be awaited; `acreate` and so on are always coroutine functions.
"""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from headrace.client import automated
from headrace.client.shared import ask
from headrace.events.actions import (
    CallWebhook,
    CancelFlowRun,
    ChangeFlowRunState,
    DeclareIncident,
    DeleteFlowRun,
    DoNothing,
    PauseAutomation,
    PauseDeployment,
    PauseWorkPool,
    PauseWorkQueue,
    ResumeAutomation,
    ResumeDeployment,
    ResumeWorkPool,
    ResumeWorkQueue,
    RunDeployment,
    SendNotification,
    SuspendFlowRun,
)
from headrace.events.schemas.automations import (
    AutomationCore,
    CompositeTrigger,
    CompoundTrigger,
    EventTrigger,
    HeadraceMetric,
    MetricTrigger,
    MetricTriggerOperator,
    MetricTriggerQuery,
    Posture,
    ResourceTrigger,
    SequenceTrigger,
    Trigger,
)
from headrace.events.schemas.events import ResourceSpecification
from headrace.exceptions import ServiceError
from headrace.utilities.asyncutils import dispatch

__all__ = [
    "Automation",
    "AutomationCore",
    "CallWebhook",
    "CancelFlowRun",
    "ChangeFlowRunState",
    "CompositeTrigger",
    "CompoundTrigger",
    "DeclareIncident",
    "DeleteFlowRun",
    "DoNothing",
    "EventTrigger",
    "HeadraceMetric",
    "MetricTrigger",
    "MetricTriggerOperator",
    "MetricTriggerQuery",
    "PauseAutomation",
    "PauseDeployment",
    "PauseWorkPool",
    "PauseWorkQueue",
    "Posture",
    "ResourceSpecification",
    "ResourceTrigger",
    "ResumeAutomation",
    "ResumeDeployment",
    "ResumeWorkPool",
    "ResumeWorkQueue",
    "RunDeployment",
    "SendNotification",
    "SequenceTrigger",
    "SuspendFlowRun",
    "Trigger",
]


class Automation(AutomationCore):
    """An automation, and what can be done with it; `id` is None until it is known.

    See `AutomationCore` for its fields.
    """

    id: UUID | None = None

    async def acreate(self) -> Self:
        """Make it known, and give it its id.

        Raises:
            ServiceError: it cannot be; the message tells why.
        """
        made = await ask(automated.create_automation(self._as_input()))
        self.id = UUID(made["id"])
        return self

    async def aupdate(self) -> None:
        """Let the one that is known be as this one is.

        Raises:
            ServiceError: it cannot be, or there is none of its id.
        """
        assert self.id is not None
        wanted = self._as_input()
        del wanted["ownerResource"]  # it stays whose it is
        await ask(automated.update_automation(self.id, wanted))

    @classmethod
    async def aread(cls, id: UUID | str | None = None, name: str | None = None) -> Self:
        """The automation of an id or of a name.

        Raises:
            ValueError: there is none, or not one of the two was given.
        """
        if id and name:
            raise ValueError("Only one of id or name can be provided")
        if id:
            found = await ask(automated.automation(id))
            if found is None:
                raise ValueError(f"Automation with ID {id!r} not found")
            return cls(**automated.fields_of(found))
        if not name:
            raise ValueError("One of id or name must be provided")
        listed = await ask(automated.automations(name=name, first=1))
        for one in listed["nodes"]:
            return cls(**automated.fields_of(one))
        raise ValueError(f"Automation with name {name!r} not found")

    async def adelete(self) -> bool:
        """Delete it; whether it was there.

        Raises:
            ValueError: it has no id.
        """
        if self.id is None:
            raise ValueError("Can't delete an automation without an id")
        return await ask(automated.delete_automation(self.id))

    async def aenable(self) -> bool:
        """Let it act; whether it is there.

        Raises:
            ValueError: it has no id.
        """
        return await self._set_enabled("enable", True)

    async def adisable(self) -> bool:
        """Let it rest; whether it is there.

        Raises:
            ValueError: it has no id.
        """
        return await self._set_enabled("disable", False)

    def create(self) -> Any:
        """Make it known; see `acreate`."""
        return dispatch(self.acreate())

    def update(self) -> Any:
        """Let the one that is known be as this one is; see `aupdate`."""
        return dispatch(self.aupdate())

    @classmethod
    def read(cls, id: UUID | str | None = None, name: str | None = None) -> Any:
        """The automation of an id or of a name; see `aread`."""
        return dispatch(cls.aread(id, name))

    def delete(self) -> Any:
        """Delete it; see `adelete`."""
        return dispatch(self.adelete())

    def enable(self) -> Any:
        """Let it act; see `aenable`."""
        return dispatch(self.aenable())

    def disable(self) -> Any:
        """Let it rest; see `adisable`."""
        return dispatch(self.adisable())

    def _as_input(self) -> dict[str, Any]:
        return automated.input_of(self.model_dump(mode="json", exclude={"id"}))

    async def _set_enabled(self, verb: str, enabled: bool) -> bool:
        if self.id is None:
            raise ValueError(f"Can't {verb} an automation without an id")
        try:
            await ask(automated.set_enabled(self.id, enabled))
        except ServiceError as error:
            if error.code != "NotFound":
                raise
            return False
        return True
