"""The schedules of a deployment, as they are sent."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from headrace.client.schemas.bases import Action
from headrace.client.schemas.schedules import (
    SCHEDULE_TYPES,
    CronSchedule,
    IntervalSchedule,
    NoSchedule,
    RRuleSchedule,
)


class DeploymentScheduleCreate(Action):
    """A schedule and what its runs are like."""

    schedule: SCHEDULE_TYPES
    active: bool = True
    max_scheduled_runs: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    slug: str | None = None
    replaces: str | None = None
    # Not shown: programs print schedules, and these say nothing where nobody set them.
    overlap: str = Field(default="allow", repr=False)
    start_deadline: datetime.timedelta | None = Field(default=None, repr=False)
    catchup: str = Field(default="latest", repr=False)
    catchup_max: int | None = Field(default=None, repr=False)
    catchup_window: datetime.timedelta | None = Field(default=None, repr=False)

    @classmethod
    def from_schedule(cls, schedule: Any) -> DeploymentScheduleCreate:
        """From what `Cron`, `Interval` and `RRule` make."""
        times: SCHEDULE_TYPES = NoSchedule()
        if schedule.interval is not None:
            times = IntervalSchedule(interval=schedule.interval, timezone=schedule.timezone)
            if schedule.says("anchor_date"):
                times.anchor_date = schedule.anchor_date
        elif schedule.cron is not None:
            times = CronSchedule(
                cron=schedule.cron, timezone=schedule.timezone, day_or=schedule.day_or
            )
        elif schedule.rrule is not None:
            times = RRuleSchedule.counted(schedule.rrule, schedule.timezone)
        said = {"active": schedule.active} if schedule.says("active") else {}
        return cls(
            schedule=times,
            **said,
            parameters=schedule.parameters,
            slug=schedule.slug,
            overlap=schedule.overlap,
            start_deadline=schedule.start_deadline,
            catchup=schedule.catchup,
            catchup_max=schedule.catchup_max,
            catchup_window=schedule.catchup_window,
        )

    def as_input(self) -> dict[str, Any]:
        """The fields of the schema's `ScheduleInput`."""
        given: dict[str, Any] = {
            "parameters": self.parameters,
            "overlap": self.overlap.upper(),
            "startDeadlineSeconds": _seconds(self.start_deadline),
            "catchup": self.catchup.upper(),
            "catchupMax": self.catchup_max,
            "catchupWindowSeconds": _seconds(self.catchup_window),
        }
        if "active" in self.model_fields_set:  # else a pause by hand outlasts another deployment
            given["active"] = self.active
        if self.slug is not None:
            given["slug"] = self.slug
        match self.schedule:
            case CronSchedule(cron=line, timezone=zone, day_or=day_or):
                given |= {"cron": line, "timezone": zone, "dayOr": day_or}
            case RRuleSchedule(rrule=rule, timezone=zone):
                given |= {"rrule": rule, "timezone": zone}
            case IntervalSchedule() as every:
                given |= {"intervalSeconds": every.interval.total_seconds()}
                given["timezone"] = every.timezone
                # One that nobody gave is the time now, and is left to the service: deployed
                # again, the schedule goes on as it was.
                if "anchor_date" in every.model_fields_set:
                    given["anchor"] = every.anchor_date.isoformat()
        return given


def _seconds(length: datetime.timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
