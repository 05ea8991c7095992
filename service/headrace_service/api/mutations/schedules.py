"""Mutations about the schedules of deployments."""

from __future__ import annotations

from typing import Annotated

import peewee
import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
)
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.schedule import Schedule, ScheduleGiven
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import backfill, deployment_schedules
from headrace_service.ledger.decode import checked
from headrace_service.ledger.deployment_schedules import ScheduleInput, ScheduleRow
from headrace_service.ledger.deployments import deployment as deployment_row

ScheduleResult = Annotated[
    Schedule | NotFound | Conflict | InvalidInput,
    strawberry.union("ScheduleResult", description="A schedule, or why it is not as asked."),
]


@strawberry.type(description="The times of a deployment's schedules that had no run.")
class Backfill:
    """What a backfill has done, or would do."""

    times: list[DateTime] = strawberry.field(description="Those times, oldest first.")
    flow_run_ids: list[strawberry.ID] = strawberry.field(
        description="The run that was made for each of them; empty for a dry run."
    )


BackfillResult = Annotated[
    Backfill | NotFound | Conflict | InvalidInput,
    strawberry.union("BackfillResult", description="What was made up for, or why nothing was."),
]
ScheduleId = Annotated[strawberry.ID, strawberry.argument(description="The schedule's id.")]
Wanted = Annotated[ScheduleGiven, strawberry.argument(description="What it is to be like.")]
Which = Annotated[
    str, strawberry.argument(description="The deployment's id, or its full name `flow/name`.")
]


@strawberry.type(description="Schedules of deployments.")
class ScheduleMutations:
    """Mutations about schedules."""

    @strawberry.mutation(description="Give a deployment one more schedule.")
    async def create_schedule(
        self,
        info: Info,
        deployment: Which,
        schedule: Wanted,
        idempotency_key: IdempotencyKey = None,
    ) -> ScheduleResult:
        """Create."""
        wanted = checked(schedule.as_input())
        verb = info.context.ledger.awrite(_create, deployment, wanted, idempotency_key)
        return Schedule.of(await verb)

    @strawberry.mutation(
        description="Let a schedule be as it is asked for, as a whole. With the same times as "
        "before it goes on as it was."
    )
    async def update_schedule(
        self,
        info: Info,
        id: ScheduleId,
        schedule: Wanted,
        expected_revision: ExpectedRevision = None,
    ) -> ScheduleResult:
        """Update."""
        wanted, verb = checked(schedule.as_input()), deployment_schedules.update_schedule
        key = parse_id(id)
        return Schedule.of(await info.context.ledger.awrite(verb, key, wanted, expected_revision))

    @strawberry.mutation(description="Let a schedule rest, or go on from now.")
    async def set_schedule_active(
        self,
        info: Info,
        id: ScheduleId,
        active: Annotated[bool, strawberry.argument(description="Whether it makes runs.")],
        expected_revision: ExpectedRevision = None,
    ) -> ScheduleResult:
        """Pause or resume."""
        verb = deployment_schedules.set_schedule_active
        key = parse_id(id)
        return Schedule.of(await info.context.ledger.awrite(verb, key, active, expected_revision))

    @strawberry.mutation(description="Forget a schedule. Its runs stay.")
    async def delete_schedule(self, info: Info, id: ScheduleId) -> DeleteResult:
        """Delete."""
        verb = deployment_schedules.delete_schedule
        return deleted(await info.context.ledger.awrite(verb, parse_id(id)))

    @strawberry.mutation(
        description="Make a run for each time of a deployment's schedules that has none, the "
        "oldest first; a thousand at most."
    )
    async def backfill_deployment(
        self,
        info: Info,
        deployment: Which,
        since: Annotated[
            DateTime, strawberry.argument(name="from", description="The first time that counts.")
        ],
        until: Annotated[
            DateTime, strawberry.argument(name="to", description="The last time that counts.")
        ],
        dry_run: Annotated[
            bool, strawberry.argument(description="Make no run; only tell the times.")
        ] = False,
    ) -> BackfillResult:
        """Backfill."""
        verb = backfill.backfill
        filled = await info.context.ledger.awrite(verb, deployment, since, until, dry_run)
        info.context.spend(filled)
        return Backfill(
            times=[DateTime(one.time) for one in filled],
            flow_run_ids=[strawberry.ID(str(one.flow_run_id)) for one in filled if one.flow_run_id],
        )


def _create(
    db: peewee.Database, deployment: str, wanted: ScheduleInput, idempotency_key: str | None
) -> ScheduleRow:
    found = deployment_row(db, deployment)
    return deployment_schedules.create_schedule(db, found.id, wanted, idempotency_key)
