"""Operations about the schedules of deployments; as `operations`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from headrace.client.operations import ERROR, Change, Object, Operation, SafeChange
from headrace.client.work import SCHEDULE

_RESULT = f"{{ ... on Schedule {{ {SCHEDULE} }} {ERROR} }}"

#: The fields of a schedule that `ScheduleInput` has, too.
_GIVEN = frozenset(SCHEDULE.split()) - {"id", "nextFire"}


def create_schedule(deployment: UUID | str, wanted: Mapping[str, object]) -> Operation[Object]:
    """Give a deployment one more schedule.

    Args:
        deployment: its id, or `flow/name`.
        wanted: the fields of the schema's `ScheduleInput`.
    """
    document = (
        "mutation ($deployment: String!, $schedule: ScheduleInput!) { "
        f"createSchedule(deployment: $deployment, schedule: $schedule) {_RESULT} }}"
    )
    given: dict[str, object] = {"deployment": str(deployment), "schedule": dict(wanted)}
    return Change(document, given, "createSchedule")


def update_schedule(id: UUID | str, wanted: Mapping[str, object]) -> Operation[Object]:
    """Let a schedule be as it is asked for, as a whole; see `create_schedule`."""
    document = (
        "mutation ($id: ID!, $schedule: ScheduleInput!) { "
        f"updateSchedule(id: $id, schedule: $schedule) {_RESULT} }}"
    )
    return Change(document, {"id": str(id), "schedule": dict(wanted)}, "updateSchedule")


def input_of_schedule(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule that was read, as the fields of `ScheduleInput`."""
    return {name: value for name, value in schedule.items() if name in _GIVEN}


def set_schedule_active(id: UUID | str, active: bool) -> Operation[Object]:
    """Let a schedule rest, or go on from now."""
    document = (
        "mutation ($id: ID!, $active: Boolean!) { "
        f"setScheduleActive(id: $id, active: $active) {_RESULT} }}"
    )
    return SafeChange(document, {"id": str(id), "active": active}, "setScheduleActive")


def delete_schedule(id: UUID | str) -> Operation[Object]:
    """Forget a schedule; its runs stay."""
    document = (
        f"mutation ($id: ID!) {{ deleteSchedule(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "deleteSchedule")


def backfill_deployment(
    deployment: UUID | str, since: str, until: str, *, dry_run: bool = False
) -> Operation[Object]:
    """Make a run for each time of a deployment's schedules that has none: `times`, `flowRunIds`.

    Args:
        deployment: its id, or `flow/name`.
        since, until: the first and the last time that count, as ISO 8601 with their zone.
        dry_run: make no run; only tell the times.
    """
    document = (
        "mutation ($deployment: String!, $from: DateTime!, $to: DateTime!, $dry: Boolean!) { "
        "backfillDeployment(deployment: $deployment, from: $from, to: $to, dryRun: $dry) "
        f"{{ ... on Backfill {{ times flowRunIds }} {ERROR} }} }}"
    )
    given: dict[str, object] = {
        "deployment": str(deployment),
        "from": since,
        "to": until,
        "dry": dry_run,
    }
    return Change(document, given, "backfillDeployment")
