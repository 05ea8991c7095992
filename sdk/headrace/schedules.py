"""When the runs of a deployment begin: by a cron line, at an interval, or by a calendar rule.

    from headrace.schedules import Cron, Interval, RRule

    pipeline.serve(name="daily", schedule=Cron("0 8 * * *", timezone="Europe/Berlin"))
    pipeline.serve(name="often", schedules=[Interval(600), Cron("0 0 * * 1", slug="weekly")])

How zones and the change of clocks are treated is told in the guide to deployments. The service
computes the times; here a schedule is only described, and refused if it makes no sense.
"""

from __future__ import annotations

import dataclasses
import datetime
from functools import partial
from typing import Any

UTC = datetime.UTC


@dataclasses.dataclass(frozen=True)
class Schedule:
    """A schedule; made by `Cron`, `Interval` or `RRule`. It has at most one of those three.

    Attributes:
        interval: the time from one run to the next.
        cron: a cron line, such as "0 8 * * *".
        rrule: a recurrence rule (RFC 5545), such as "RRULE:FREQ=DAILY;INTERVAL=2".
        timezone: the zone whose clocks count, such as "America/New_York"; None is UTC.
        anchor_date: one of the times of an interval, from which the others are counted.
        day_or: whether a cron line with both a day of the month and a weekday means either of
            them, as cron has it, or both at once.
        active: whether it makes runs.
        parameters: arguments of its runs, over those of the deployment.
        slug: a name by which a later deployment finds it again to change it.

    Raises:
        ValueError: it makes no sense; the message tells what is wrong.
    """

    interval: datetime.timedelta | None = None
    cron: str | None = None
    rrule: str | None = None
    timezone: str | None = None
    anchor_date: datetime.datetime = dataclasses.field(
        default_factory=partial(datetime.datetime.now, tz=UTC)
    )
    day_or: bool = True
    active: bool = True
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    slug: str | None = None

    def __post_init__(self) -> None:
        kinds = [kind for kind in ("interval", "cron", "rrule") if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise ValueError(
                f"Only one schedule type can be defined at a time. Found: {', '.join(kinds)}"
            )
        if self.interval is not None:
            _check_interval(self.interval)
        if self.cron is not None:
            check_cron(self.cron)
        if self.rrule is not None:
            check_rrule(self.rrule)
        if self.timezone is not None:
            check_timezone(self.timezone)


def Cron(
    cron: str,
    /,
    timezone: str | None = None,
    day_or: bool = True,
    active: bool = True,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
) -> Schedule:
    """A schedule by a cron line: minute, hour, day of month, month, weekday.

        Cron("0 8 * * 1", timezone="America/New_York")  # Mondays at eight

    The arguments, and what is raised, are told at `Schedule`.
    """
    return Schedule(
        cron=cron,
        timezone=timezone,
        day_or=day_or,
        active=active,
        parameters=parameters or {},
        slug=slug,
    )


def Interval(
    interval: datetime.timedelta | float,
    /,
    anchor_date: datetime.datetime | None = None,
    timezone: str | None = None,
    active: bool = True,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
) -> Schedule:
    """A schedule at an interval.

        Interval(timedelta(minutes=10))

    Args:
        interval: a duration, or a number of seconds.
        anchor_date: one of its times; by default the time now.
        timezone, active, parameters, slug: as told at `Schedule`.
    """
    return Schedule(
        interval=as_interval(interval),
        anchor_date=anchor_date or datetime.datetime.now(UTC),
        timezone=timezone,
        active=active,
        parameters=parameters or {},
        slug=slug,
    )


def RRule(
    rrule: str,
    /,
    timezone: str | None = None,
    active: bool = True,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
) -> Schedule:
    """A schedule by a recurrence rule of RFC 5545.

        RRule("RRULE:FREQ=MONTHLY;BYDAY=2FR", timezone="America/Chicago")  # each second Friday

    A rule without a DTSTART counts from 2020-01-01. The arguments are told at `Schedule`.
    """
    return Schedule(
        rrule=rrule, timezone=timezone, active=active, parameters=parameters or {}, slug=slug
    )


@dataclasses.dataclass
class CronSchedule:
    """A cron line alone, as `Schedule` without its options for runs."""

    cron: str
    timezone: str | None = None
    day_or: bool = True

    def __post_init__(self) -> None:
        check_cron(self.cron)
        if self.timezone is not None:
            check_timezone(self.timezone)


@dataclasses.dataclass
class IntervalSchedule:
    """An interval alone; a number is one of seconds."""

    interval: datetime.timedelta
    anchor_date: datetime.datetime | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        self.interval = as_interval(self.interval)
        _check_interval(self.interval)
        if self.anchor_date is None:
            self.anchor_date = datetime.datetime.now(UTC)
        if self.timezone is None:
            zone = self.anchor_date.tzinfo
            self.timezone = getattr(zone, "key", None) or "UTC"
        check_timezone(self.timezone)


@dataclasses.dataclass
class RRuleSchedule:
    """A recurrence rule alone."""

    rrule: str
    timezone: str | None = "UTC"

    def __post_init__(self) -> None:
        check_rrule(self.rrule)
        self.timezone = self.timezone or "UTC"
        check_timezone(self.timezone)


def as_schedule(given: Any) -> Schedule:
    """The `Schedule` that something given as a schedule stands for.

    Raises:
        TypeError: it is none.
        ValueError: it makes no sense.
    """
    match given:
        case Schedule():
            return given
        case CronSchedule(cron, timezone, day_or):
            return Cron(cron, timezone=timezone, day_or=day_or)
        case IntervalSchedule(interval, anchor, timezone):
            return Interval(interval, anchor_date=anchor, timezone=timezone)
        case RRuleSchedule(rrule, timezone):
            return RRule(rrule, timezone=timezone)
        case dict() if "schedule" in given:
            options = {name: value for name, value in given.items() if name != "schedule"}
            return dataclasses.replace(as_schedule(given["schedule"]), **options)
        case dict():
            return Schedule(**given)
    raise TypeError(f"{given!r} is no schedule: use Cron, Interval or RRule of headrace.schedules")


def as_interval(interval: datetime.timedelta | float) -> datetime.timedelta:
    """A duration that may be given as a number of seconds."""
    if isinstance(interval, int | float):
        return datetime.timedelta(seconds=interval)
    return interval


def check_cron(line: str) -> None:
    """Refuse what is no cron line.

    Raises:
        ValueError: it cannot be used, or names no time that ever comes.
    """
    import croniter  # slow to load, and needed by schedules alone

    if not croniter.croniter.is_valid(line):
        raise ValueError(f'Invalid cron string: "{line}"')
    if any(field.casefold().startswith(("r", "h")) for field in line.split()):
        raise ValueError(f'Random and Hashed expressions are unsupported, received: "{line}"')
    try:
        croniter.croniter(line, datetime.datetime(2024, 1, 1)).get_next(datetime.datetime)
    except croniter.CroniterBadDateError:
        raise ValueError(f'Invalid cron string: "{line}" never comes to a time') from None


def check_rrule(rule: str) -> None:
    """Refuse what is no recurrence rule.

    Raises:
        ValueError: it cannot be used.
    """
    from dateutil.rrule import rrulestr

    try:
        rrulestr(rule, ignoretz=True)
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueError(f'Invalid RRule string "{rule}": {error}') from None


def check_timezone(name: str) -> None:
    """Refuse what is no time zone of the IANA's database.

    Raises:
        ValueError: there is none of that name.
    """
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f'Invalid timezone: "{name}" '
            "(specify in IANA tzdata format, for example, America/New_York)"
        ) from None


def _check_interval(interval: datetime.timedelta) -> None:
    if interval <= datetime.timedelta(0):
        raise ValueError(f"Invalid interval: {interval} (use more than 0 seconds)")
