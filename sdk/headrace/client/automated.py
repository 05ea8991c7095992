"""Operations on automations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from headrace.client.operations import ERROR, PAGE, Change, Deletion, Object, Operation, SafeChange
from headrace.exceptions import ServiceError

_AUTOMATION = (
    "id name description enabled tags trigger actions actionsOnTrigger "
    "ownerResource createdAt updatedAt lastFiredAt"
)
_CHANGED = f"{{ ... on Automation {{ {_AUTOMATION} }} {ERROR} }}"

#: The fields of an automation as Python and as GraphQL spell them, where these differ.
_SPELLED = {
    "actions_on_trigger": "actionsOnTrigger",
    "owner_resource": "ownerResource",
}


def input_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """GraphQL's `AutomationInput` of an automation's fields, as JSON has them.

    Raises:
        ServiceError: it has actions for when a metric is well again, and no metric is watched.
    """
    given = dict(fields)
    if given.pop("actions_on_resolve", None):
        message = "actions_on_resolve: metrics are not watched, so that nothing would ever resolve"
        raise ServiceError(message, "InvalidInput", "actions_on_resolve")
    return {_SPELLED.get(name, name): value for name, value in given.items()}


def fields_of(found: Object) -> dict[str, Any]:
    """An automation's fields, of GraphQL's `Automation`."""
    python = {spelled: name for name, spelled in _SPELLED.items()}
    return {python.get(name, name): value for name, value in found.items()}


def create_automation(wanted: Mapping[str, Any]) -> Operation[Object]:
    """Make an automation; `wanted` is GraphQL's `AutomationInput`."""
    document = (
        "mutation ($wanted: AutomationInput!) { "
        f"createAutomation(automation: $wanted) {_CHANGED} }}"
    )
    return Change(document, {"wanted": dict(wanted)}, "createAutomation")


def update_automation(id: UUID | str, wanted: Mapping[str, Any]) -> Operation[Object]:
    """Let an automation be as `wanted` says, which is GraphQL's `AutomationInput`."""
    document = (
        "mutation ($id: ID!, $wanted: AutomationInput!) { "
        f"updateAutomation(id: $id, automation: $wanted) {_CHANGED} }}"
    )
    return Change(document, {"id": str(id), "wanted": dict(wanted)}, "updateAutomation")


def set_enabled(id: UUID | str, enabled: bool) -> Operation[Object]:
    """Let an automation act, or rest."""
    document = (
        "mutation ($id: ID!, $enabled: Boolean!) { "
        f"setAutomationEnabled(id: $id, enabled: $enabled) {_CHANGED} }}"
    )
    return SafeChange(document, {"id": str(id), "enabled": enabled}, "setAutomationEnabled")


def set_owned(owner: str, wanted: list[dict[str, Any]]) -> Operation[Object]:
    """Let a resource have just these automations, each GraphQL's `AutomationInput`."""
    document = (
        "mutation ($owner: String!, $wanted: [AutomationInput!]!) { "
        "setOwnedAutomations(ownerResource: $owner, automations: $wanted) "
        f"{{ ... on OwnedAutomations {{ automations {{ {_AUTOMATION} }} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"owner": owner, "wanted": wanted}, "setOwnedAutomations")


def delete_automation(id: UUID | str) -> Operation[bool]:
    """Delete an automation; whether it was there."""
    document = (
        f"mutation ($id: ID!) {{ deleteAutomation(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Deletion(document, {"id": str(id)}, "deleteAutomation")


def automation(id: UUID | str) -> Operation[Object | None]:
    """An automation by its id; None if there is none."""
    document = f"query ($id: ID!) {{ automation(id: $id) {{ {_AUTOMATION} }} }}"
    return Operation(document, {"id": str(id)}, "automation")


def automations(
    name: str | None = None,
    owner: str | None = None,
    first: int = 200,
    after: str | None = None,
) -> Operation[Object]:
    """A page of the automations, newest first: of a name, or of an owner."""
    document = (
        "query ($where: AutomationFilter, $first: Int, $after: Cursor) { "
        "automations(filter: $where, first: $first, after: $after) "
        f"{{ nodes {{ {_AUTOMATION} }} {PAGE} }} }}"
    )
    where = {"name": name, "ownerResource": owner}
    return Operation(document, {"where": where, "first": first, "after": after}, "automations")
