"""When something happens: schedules without their options for runs."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from headrace.schedule_checks import check_cron, check_rrule, check_timezone


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _cron(line: str) -> str:
    check_cron(line)
    return line


def _rrule(rule: str) -> str:
    check_rrule(rule)
    return rule


def _timezone(name: str | None) -> str | None:
    if name is not None:
        check_timezone(name)
    return name


#: From when rules count that do not say it.
_COUNTED_FROM = datetime.datetime(2020, 1, 1)

Timezone = Annotated[str | None, AfterValidator(_timezone)]


class CronSchedule(BaseModel):
    """By a cron line. `day_or`: its day of the month and weekday mean either, not both."""

    model_config = ConfigDict(extra="forbid")

    cron: Annotated[str, AfterValidator(_cron)]
    timezone: Timezone = None
    day_or: bool = True


class IntervalSchedule(BaseModel):
    """At an interval, counted from `anchor_date`, by default from now."""

    model_config = ConfigDict(extra="forbid")

    interval: Annotated[datetime.timedelta, Field(gt=datetime.timedelta(0))]
    anchor_date: datetime.datetime = Field(default_factory=_now)
    timezone: Timezone = None

    @model_validator(mode="after")
    def _zone_of_anchor(self) -> IntervalSchedule:
        if self.timezone is None:
            zone: Any = self.anchor_date.tzinfo
            self.timezone = getattr(zone, "key", None) or "UTC"
        return self


class RRuleSchedule(BaseModel):
    """By a recurrence rule of RFC 5545."""

    model_config = ConfigDict(extra="forbid")

    rrule: Annotated[str, AfterValidator(_rrule)]
    timezone: Timezone = "UTC"

    @classmethod
    def counted(cls, rrule: Any, timezone: str | None) -> RRuleSchedule:
        """One that says from when it counts: from 2020-01-01 unless the rule does."""
        if isinstance(rrule, str) and "DTSTART" not in rrule.upper():
            rrule = f"DTSTART:{_COUNTED_FROM:%Y%m%dT%H%M%S}\n{rrule}"
        return cls(rrule=rrule, timezone=timezone)

    @classmethod
    def from_rrule(cls, rrule: Any) -> RRuleSchedule:
        """One by a rule of `dateutil`, in the time zone of its beginning.

        Raises:
            TypeError: it is no `dateutil.rrule.rrule`.
        """
        from dateutil.rrule import rrule as rule

        if not isinstance(rrule, rule):
            raise TypeError(f"{rrule!r} is no dateutil.rrule.rrule; write a set of rules as text")
        begins: Any = rrule._dtstart  # which nothing public tells
        return cls(rrule=str(rrule), timezone=getattr(begins.tzinfo, "key", None))

    def to_rrule(self) -> Any:
        """The rule as `dateutil`'s, whose times are in the schedule's zone."""
        from dateutil import tz
        from dateutil.rrule import rrulestr

        rule: Any = rrulestr(self.rrule, dtstart=_COUNTED_FROM)
        zone = tz.gettz(self.timezone)
        if not hasattr(rule, "_dtstart"):  # a set of rules
            return rule
        times = {"dtstart": rule._dtstart, "until": rule._until}
        return rule.replace(**{n: at.replace(tzinfo=zone) for n, at in times.items() if at})

    @model_validator(mode="after")
    def _zone_by_default(self) -> RRuleSchedule:
        if self.timezone is None:
            self.timezone = "UTC"
        return self


class NoSchedule(BaseModel):
    """Never."""

    model_config = ConfigDict(extra="forbid")


SCHEDULE_TYPES = IntervalSchedule | CronSchedule | RRuleSchedule | NoSchedule


def construct_schedule(
    interval: datetime.timedelta | float | None = None,
    anchor_date: datetime.datetime | None = None,
    cron: str | None = None,
    rrule: str | None = None,
    timezone: str | None = None,
) -> SCHEDULE_TYPES:
    """The schedule that one of `interval` (a number is one of seconds), `cron` and `rrule` makes.

    Raises:
        ValueError: none or several of them are given, or what is given makes no sense.
    """
    if len([one for one in (interval, cron, rrule) if one is not None]) > 1:
        raise ValueError("Only one of interval, cron, or rrule can be provided.")
    if anchor_date and not interval:
        raise ValueError("An anchor date can only be provided with an interval schedule")
    if timezone and not (interval or cron or rrule):
        raise ValueError("A timezone can only be provided with interval, cron, or rrule")
    if interval:
        every = interval
        if isinstance(every, int | float):
            every = datetime.timedelta(seconds=every)
        if anchor_date is None:
            return IntervalSchedule(interval=every, timezone=timezone)
        return IntervalSchedule(interval=every, anchor_date=anchor_date, timezone=timezone)
    if cron:
        return CronSchedule(cron=cron, timezone=timezone)
    if rrule:
        return RRuleSchedule(rrule=rrule, timezone=timezone)
    raise ValueError("Either interval, cron, or rrule must be provided")
