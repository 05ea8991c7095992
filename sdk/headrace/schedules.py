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
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypedDict, Unpack

from headrace.schedule_checks import (
    check_choice,
    check_cron,
    check_interval,
    check_rrule,
    check_timezone,
)

if TYPE_CHECKING:
    from headrace.client.schemas.schedules import CronSchedule as CronSchedule
    from headrace.client.schemas.schedules import IntervalSchedule as IntervalSchedule
    from headrace.client.schemas.schedules import RRuleSchedule as RRuleSchedule

UTC = datetime.UTC
#: The kinds of schedules, and all that tells when one fires.
_KINDS = ("interval", "cron", "rrule")
#: What becomes of times that meet earlier runs, or were missed.
OVERLAPS = ("allow", "skip", "queue", "cancel_running")
CATCHUPS = ("none", "latest", "all")
_TIMES = (*_KINDS, "timezone", "anchor_date", "day_or")


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
        active: whether it makes runs. Deployed again without a word about it, one that was paused
            by hand stays so.
        parameters: arguments of its runs, over those of the deployment.
        slug: a name by which a later deployment finds it again to change it.
        overlap: what becomes of a time at which an earlier run of it has not ended: "allow" lets
            both run, "skip" leaves the time out, "queue" lets the later one wait for the end,
            "cancel_running" cancels the earlier one.
        start_deadline: how long a run may wait before it begins; one that has not begun by then is
            cancelled. None is for ever.
        catchup: what becomes of times that passed while nobody looked: "none" leaves them out,
            "latest" makes up for the last one, "all" for each …
        catchup_max: … of the last so many, a hundred at most …
        catchup_window: … that are not older than this.

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
    # Not shown: programs print schedules, and these say nothing where nobody set them.
    overlap: str = dataclasses.field(default="allow", repr=False)
    start_deadline: datetime.timedelta | None = dataclasses.field(default=None, repr=False)
    catchup: str = dataclasses.field(default="latest", repr=False)
    catchup_max: int | None = dataclasses.field(default=None, repr=False)
    catchup_window: datetime.timedelta | None = dataclasses.field(default=None, repr=False)

    #: The attributes that somebody has given; see `says`.
    _said: ClassVar[frozenset[str]] = frozenset()

    def __new__(cls, *_: Any, **given: Any) -> Self:
        schedule = super().__new__(cls)
        object.__setattr__(schedule, "_said", frozenset(given))  # it is frozen
        return schedule

    def says(self, name: str) -> bool:
        """Whether somebody has given an attribute. What nobody has given, an anchor or whether it
        is active, is left as it is when the schedule is deployed again.
        """
        return name in self._said

    def __post_init__(self) -> None:
        kinds = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise ValueError(
                f"Only one schedule type can be defined at a time. Found: {', '.join(kinds)}"
            )
        if self.interval is not None:
            check_interval(self.interval)
        if self.cron is not None:
            check_cron(self.cron)
        if self.rrule is not None:
            check_rrule(self.rrule)
        if self.timezone is not None:
            check_timezone(self.timezone)
        check_choice("overlap", self.overlap, OVERLAPS)
        check_choice("catchup", self.catchup, CATCHUPS)
        for length in ("start_deadline", "catchup_window"):
            given = getattr(self, length)
            if given is not None:
                object.__setattr__(self, length, as_interval(given))  # it is frozen
                check_interval(getattr(self, length))
        if self.catchup_max is not None and not 1 <= self.catchup_max <= 100:
            raise ValueError(f"Invalid catchup_max: {self.catchup_max} (use 1 to 100)")


class Policy(TypedDict, total=False):
    """The options of a schedule that tell what becomes of its times; see `Schedule`. Lengths may be
    numbers of seconds."""

    overlap: str
    start_deadline: datetime.timedelta | float | None
    catchup: str
    catchup_max: int | None
    catchup_window: datetime.timedelta | float | None


def Cron(
    cron: str,
    /,
    timezone: str | None = None,
    day_or: bool = True,
    active: bool | None = None,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
    **policy: Unpack[Policy],
) -> Schedule:
    """A schedule by a cron line: minute, hour, day of month, month, weekday.

        Cron("0 8 * * 1", timezone="America/New_York")  # Mondays at eight

    The arguments, and what is raised, are told at `Schedule`.
    """
    return Schedule(
        cron=cron,
        timezone=timezone,
        day_or=day_or,
        parameters=parameters or {},
        slug=slug,
        **_given(active=active),
        **policy,  # type: ignore[arg-type]  # numbers of seconds become durations
    )


def Interval(
    interval: datetime.timedelta | float,
    /,
    anchor_date: datetime.datetime | None = None,
    timezone: str | None = None,
    active: bool | None = None,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
    **policy: Unpack[Policy],
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
        timezone=timezone,
        parameters=parameters or {},
        slug=slug,
        **_given(anchor_date=anchor_date, active=active),
        **policy,  # type: ignore[arg-type]  # numbers of seconds become durations
    )


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def RRule(
    rrule: str,
    /,
    timezone: str | None = None,
    active: bool | None = None,
    parameters: dict[str, Any] | None = None,
    slug: str | None = None,
    **policy: Unpack[Policy],
) -> Schedule:
    """A schedule by a recurrence rule of RFC 5545.

        RRule("RRULE:FREQ=MONTHLY;BYDAY=2FR", timezone="America/Chicago")  # each second Friday

    A rule without a DTSTART counts from 2020-01-01. The arguments are told at `Schedule`.
    """
    return Schedule(
        rrule=rrule,
        timezone=timezone,
        parameters=parameters or {},
        slug=slug,
        **_given(active=active),
        **policy,  # type: ignore[arg-type]  # numbers of seconds become durations
    )


def as_schedule(given: Any) -> Schedule:
    """The `Schedule` that something given as a schedule stands for.

    Raises:
        TypeError: it is none.
        ValueError: it makes no sense.
    """
    if isinstance(given, Schedule):
        return given
    if isinstance(given, dict):
        if "schedule" not in given:
            return Schedule(**given)
        options = {name: value for name, value in given.items() if name != "schedule"}
        inner = as_schedule(given["schedule"])
        made = dataclasses.replace(inner, **options)
        object.__setattr__(made, "_said", inner._said | options.keys())  # not all that was copied
        return made
    fields = {name: getattr(given, name) for name in _TIMES if hasattr(given, name)}
    if "anchor_date" not in getattr(given, "model_fields_set", fields):  # the time now, by default
        fields.pop("anchor_date", None)
    if not any(name in fields for name in _KINDS):
        raise TypeError(
            f"{given!r} is no schedule: use Cron, Interval or RRule of headrace.schedules"
        )
    return Schedule(**fields)


def as_interval(interval: datetime.timedelta | float) -> datetime.timedelta:
    """A duration that may be given as a number of seconds."""
    if isinstance(interval, int | float):
        return datetime.timedelta(seconds=interval)
    return interval


def __getattr__(name: str) -> Any:
    """`CronSchedule` and its like, which load pydantic, when they are asked for."""
    if name in ("CronSchedule", "IntervalSchedule", "RRuleSchedule"):
        from headrace.client.schemas import schedules

        return getattr(schedules, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
