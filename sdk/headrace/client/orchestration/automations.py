"""Automations, as programs that look after them ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.client import automated
from headrace.client.orchestration.asking import Asking, everything

if TYPE_CHECKING:
    from headrace.events.schemas.automations import Automation, AutomationCore


def create_automation(automation: AutomationCore) -> Asking[UUID]:
    """Make an automation; its id.

    Raises:
        ServiceError: it makes no sense.
    """
    found = yield automated.create_automation(_input(automation))
    return UUID(found["id"])


def update_automation(automation_id: UUID, automation: AutomationCore) -> Asking[None]:
    """Let an automation be as it is given.

    Raises:
        ObjectNotFound: there is none of that id.
    """
    yield automated.update_automation(automation_id, _input(automation))


def read_automations() -> Asking[list[Automation]]:
    """All automations, newest first."""
    rows = yield from everything(lambda after: automated.automations(after=after))
    return [_automation(row) for row in rows]


def find_automation(id_or_name: str | UUID) -> Asking[Automation | None]:
    """The automation of an id, or else of a name, in whatever case; None if there is none."""
    listed = yield from read_automations()
    text = str(id_or_name)
    for fits in (
        lambda one: str(one.id) == text,
        lambda one: one.name == text,
        lambda one: one.name.lower() == text.lower(),
    ):
        for one in listed:
            if fits(one):
                return one
    return None


def read_automation(automation_id: UUID | str) -> Asking[Automation | None]:
    """An automation by its id; None if there is none."""
    found = yield automated.automation(automation_id)
    return None if found is None else _automation(found)


def read_automations_by_name(name: str) -> Asking[list[Automation]]:
    """The automations of a name, newest first."""
    rows = yield from everything(lambda after: automated.automations(name=name, after=after))
    return [_automation(row) for row in rows]


def pause_automation(automation_id: UUID) -> Asking[None]:
    """Let an automation rest.

    Raises:
        ObjectNotFound: there is none of that id.
    """
    yield automated.set_enabled(automation_id, False)


def resume_automation(automation_id: UUID) -> Asking[None]:
    """Let an automation act again; see `pause_automation`."""
    yield automated.set_enabled(automation_id, True)


def delete_automation(automation_id: UUID) -> Asking[None]:
    """Delete an automation, if it is there."""
    yield automated.delete_automation(automation_id)


def read_resource_related_automations(resource_id: str) -> Asking[list[Automation]]:
    """The automations that go with a resource, such as `headrace.deployment.ID`."""
    rows = yield from everything(
        lambda after: automated.automations(owner=resource_id, after=after)
    )
    return [_automation(row) for row in rows]


def delete_resource_owned_automations(resource_id: str) -> Asking[None]:
    """Delete the automations that go with a resource."""
    yield automated.set_owned(resource_id, [])


def _input(automation: AutomationCore) -> dict[str, Any]:
    return automated.input_of(automation.model_dump(mode="json", exclude={"id"}))


def _automation(found: dict[str, Any]) -> Automation:
    from headrace.events.schemas.automations import Automation  # what programs write them with

    return Automation(**automated.fields_of(found))
