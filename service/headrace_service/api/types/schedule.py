"""Schedules of deployments."""

from __future__ import annotations

import asyncio
from typing import Annotated

import strawberry

from headrace_service.api.context import Context
from headrace_service.api.errors import InputError
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime, micros_of, object_of
from headrace_service.ledger.deployment_schedules import ScheduleInput, ScheduleRow
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.queries.upcoming import fire_times
from headrace_service.schedules import Catchup, Overlap, SchedulePolicy, ScheduleSpec

_SECOND = 1_000_000
#: Times of one schedule that are told at once.
MOST_TIMES = 100

_MEANING: dict[Catchup | Overlap, str] = {
    Catchup.NONE: "None of them.",
    Catchup.LATEST: "One run, for the latest of them.",
    Catchup.ALL: "A run for each of them, the last hundred at most.",
    Overlap.ALLOW: "They run side by side.",
    Overlap.SKIP: "There is no run of that time.",
    Overlap.QUEUE: "The later one waits until the earlier one has ended.",
    Overlap.CANCEL_RUNNING: "The earlier one is cancelled, and the later one begins after its end.",
}
strawberry.enum(
    Catchup, description="What becomes of a schedule's times that passed while nobody looked."
)
strawberry.enum(
    Overlap, description="What becomes of a time at which an earlier run has not ended."
)
for _kind in (Catchup, Overlap):
    for _value in _kind.__strawberry_definition__.values:  # type: ignore[union-attr]
        _value.description = _MEANING[_kind(_value.value)]


@strawberry.type(description="When a deployment runs by itself: by one of cron, interval, rrule.")
class Schedule:
    """A schedule."""

    row: strawberry.Private[ScheduleRow]
    id: strawberry.ID = strawberry.field(description="Its id.")
    deployment_id: strawberry.ID = strawberry.field(description="The deployment that it is of.")
    slug: str | None = strawberry.field(description="The name that its deployment knows it by.")
    cron: str | None = strawberry.field(description="Its cron line.")
    interval_seconds: float | None = strawberry.field(description="Its interval.")
    anchor: DateTime | None = strawberry.field(
        description="One of its times, if it has an interval."
    )
    rrule: str | None = strawberry.field(description="Its recurrence rule, as RFC 5545 has it.")
    timezone: str = strawberry.field(description="The zone whose clocks count.")
    day_or: bool = strawberry.field(
        description="Whether a cron line's day of the month and weekday mean either, not both."
    )
    active: bool = strawberry.field(description="Whether it makes runs.")
    catchup: Catchup = strawberry.field(description="What becomes of times that were missed.")
    catchup_max: int | None = strawberry.field(
        description="How many missed times are made up for with ALL; null for a hundred."
    )
    catchup_window_seconds: float | None = strawberry.field(
        description="How old a missed time may be to be made up for; null for any age."
    )
    overlap: Overlap = strawberry.field(
        description="What becomes of a time at which an earlier run has not ended."
    )
    start_deadline_seconds: float | None = strawberry.field(
        description="How long a run may wait to begin before it is cancelled; null for ever."
    )
    parameters: JSON = strawberry.field(description="Its runs' own arguments, by name.")
    next_fire: DateTime | None = strawberry.field(
        description="When it fires next; null while it rests, and when it fires no more."
    )
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @strawberry.field(description="When it fires next, computed; none while it rests.")
    async def upcoming(
        self,
        first: Annotated[int, strawberry.argument(description="How many times: 1 to 100.")] = 5,
    ) -> list[DateTime]:
        """Its next times."""
        if not 1 <= first <= MOST_TIMES:
            raise InputError(f"first: {first} is not from 1 to {MOST_TIMES}", "first")
        if self.row.next_fire is None:
            return []
        # Some rules take their time, which nobody else is to wait for.
        coming = await asyncio.to_thread(fire_times, self.row.spec, self.row.next_fire, first)
        return [DateTime(moment) for moment in coming]

    @classmethod
    def of(cls, row: ScheduleRow) -> Schedule:
        """The schedule of a row."""
        spec, policy = row.spec, row.policy
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            deployment_id=strawberry.ID(str(row.deployment_id)),
            slug=row.slug,
            cron=spec.cron,
            interval_seconds=_seconds(spec.interval),
            anchor=None if spec.interval is None else DateTime(spec.anchor),
            rrule=spec.rrule,
            timezone=spec.timezone or "UTC",
            day_or=spec.day_or,
            active=row.active,
            catchup=policy.catchup,
            catchup_max=policy.catchup_max,
            catchup_window_seconds=_seconds(policy.catchup_window),
            overlap=policy.overlap,
            start_deadline_seconds=_seconds(policy.start_deadline),
            parameters=JSON(row.parameters),
            next_fire=None if row.next_fire is None else DateTime(row.next_fire),
            revision=row.revision,
        )


def schedule_connection(context: Context, rows: Slice[ScheduleRow]) -> Connection[Schedule]:
    """The connection of a page of schedules."""
    context.spend(rows.rows)
    return connection(rows, Schedule.of, Place.SCHEDULE, lambda row: row.id)


@strawberry.input(
    name="ScheduleInput", description="A schedule: one of cron, intervalSeconds and rrule."
)
class ScheduleGiven:
    """A schedule as it is asked for."""

    cron: str | None = strawberry.field(
        default=None, description="A cron line: minute, hour, day of month, month, weekday."
    )
    interval_seconds: float | None = strawberry.field(
        default=None, description="Seconds from one run to the next."
    )
    anchor: DateTime | None = strawberry.field(
        default=None, description="One of an interval's times; else the time now."
    )
    rrule: str | None = strawberry.field(
        default=None, description="A recurrence rule of RFC 5545; else it counts from 2020-01-01."
    )
    timezone: str | None = strawberry.field(
        default=None, description="The zone whose clocks count, such as `Europe/Berlin`; else UTC."
    )
    day_or: bool = strawberry.field(
        default=True,
        description="Whether a cron line's day of the month and weekday mean either, not both.",
    )
    slug: str | None = strawberry.field(
        default=None, description="A name to find it by when it is to change."
    )
    active: bool | None = strawberry.field(
        default=None,
        description="Whether it makes runs; null leaves that as it is, and a new one does.",
    )
    parameters: JSON | None = strawberry.field(
        default=None, description="Its runs' own arguments, by name."
    )
    catchup: Catchup | None = strawberry.field(
        default=None, description="What becomes of times that were missed; else LATEST."
    )
    catchup_max: int | None = strawberry.field(
        default=None, description="With ALL: how many are made up for; else a hundred."
    )
    catchup_window_seconds: float | None = strawberry.field(
        default=None, description="How old a missed time may be to be made up for; else any age."
    )
    overlap: Overlap | None = strawberry.field(
        default=None,
        description="What becomes of a time at which an earlier run has not ended; else ALLOW.",
    )
    start_deadline_seconds: float | None = strawberry.field(
        default=None, description="How long a run may wait to begin before it is cancelled."
    )

    def as_input(self, at: str = "") -> ScheduleInput:
        """The schedule as the ledger takes it.

        Args:
            at: what its fields' names begin with, where it stands in a list.

        Raises:
            InputError: a time is longer than any, or the arguments are no object.
        """
        spec = ScheduleSpec(
            cron=self.cron,
            interval=micros_of(self.interval_seconds, f"{at}intervalSeconds"),
            rrule=self.rrule,
            timezone=self.timezone,
            anchor=self.anchor or 0,
            day_or=self.day_or,
        )
        policy = SchedulePolicy(
            self.catchup or Catchup.LATEST,
            self.catchup_max,
            micros_of(self.catchup_window_seconds, f"{at}catchupWindowSeconds"),
            self.overlap or Overlap.ALLOW,
            micros_of(self.start_deadline_seconds, f"{at}startDeadlineSeconds"),
        )
        parameters = object_of(self.parameters, f"{at}parameters")
        return ScheduleInput(spec, self.slug, parameters, self.active, policy)


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / _SECOND
