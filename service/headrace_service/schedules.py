"""When a schedule fires. Pure functions: the time is an argument.

What is computed is one time, the first after another; nothing is filled in ahead.

Zones and the change of clocks, by two rules:

* A schedule that names hours ("30 2 * * *", daily and weekly rules, intervals of whole days) keeps
  to the clock on the wall, and fires once for each of its times. A time that comes twice as clocks
  go back fires the first time; one that is skipped as they go forward fires at that moment.
* A schedule that comes every hour or oftener ("*/5 * * * *", hourly rules, all other intervals)
  keeps to elapsed time: it goes on through a repeated hour, and has nothing to do in a skipped one.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from headrace.records import read_at_once

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_SECOND, _DAY = 1_000_000, 86_400_000_000
#: The longest interval.
_LONGEST = 365_000 * _DAY

#: Where a rule without a start of its own begins to count.
RULE_START = datetime(2020, 1, 1)
#: When rules begin at the earliest, and how far they count: a rule is followed from its start on.
_FIRST_START, _LONGEST_COUNT = datetime(1970, 1, 1), 10_000

#: The first wall-clock time after another, or None when there is none.
Tick = Callable[[datetime], datetime | None]


#: Runs at most that a schedule makes for times it has missed.
MOST_CAUGHT_UP = 100
#: Microseconds within which a time has just passed, and is not missed.
_JUST = 60_000_000


class Catchup(enum.Enum):
    """What becomes of the times that passed while no scheduler was running."""

    NONE = "NONE"
    LATEST = "LATEST"
    ALL = "ALL"


class Overlap(enum.Enum):
    """What becomes of a time at which an earlier run of the same schedule has not ended."""

    ALLOW = "ALLOW"
    SKIP = "SKIP"
    QUEUE = "QUEUE"
    CANCEL_RUNNING = "CANCEL_RUNNING"


class SchedulePolicy(msgspec.Struct, frozen=True):
    """What becomes of times that were missed, that meet earlier runs, or begin late.

    `start_deadline` is how long a run may wait before it begins; `catchup_max` and `catchup_window`
    bound how many times are made up for, and how far back. Both lengths are in microseconds.
    """

    catchup: Catchup = Catchup.LATEST
    catchup_max: Annotated[int, msgspec.Meta(ge=1, le=MOST_CAUGHT_UP)] | None = None
    catchup_window: Annotated[int, msgspec.Meta(ge=1, le=_LONGEST)] | None = None
    overlap: Overlap = Overlap.ALLOW
    start_deadline: Annotated[int, msgspec.Meta(ge=1, le=_LONGEST)] | None = None


class InvalidSchedule(ValueError):
    """A schedule makes no sense, or never fires; the message says why."""


class ScheduleSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """When to fire: exactly one of `cron`, `interval` and `rrule`.

    `interval` is in microseconds, and `anchor` one of its times, in microseconds since 1970 UTC.
    """

    cron: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    interval: int | None = None
    rrule: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    timezone: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    anchor: int = 0
    day_or: bool = True


read_at_once(ScheduleSpec)


def check(spec: ScheduleSpec, now: int) -> None:
    """Refuse a schedule that makes no sense.

    Raises:
        InvalidSchedule: the message says why.
    """
    given = [kind for kind in ("cron", "interval", "rrule") if getattr(spec, kind) is not None]
    if len(given) != 1:
        raise InvalidSchedule("a schedule has one of cron, interval and rrule")
    if spec.interval is not None and not _SECOND <= spec.interval <= _LONGEST:
        raise InvalidSchedule("an interval is from 1 second to 1000 years long")
    _zone(spec)
    try:
        coming = next_fire(spec, now)
    except InvalidSchedule:
        raise
    except (ValueError, KeyError, AttributeError, OverflowError) as error:
        raise InvalidSchedule(f"{given[0]} {getattr(spec, given[0])!r}: {error}") from None
    if coming is None and spec.cron is not None:
        raise InvalidSchedule(f"cron {spec.cron!r} never comes to a time")


def next_fire(spec: ScheduleSpec, after: int) -> int | None:
    """The first time later than `after` at which the schedule fires.

    Args:
        spec: the schedule.
        after: microseconds since 1970 UTC.

    Returns:
        Microseconds since 1970 UTC, or None when it fires no more.
    """
    if spec.interval is not None and (spec.interval % _DAY or spec.timezone is None):
        return after + spec.interval - (after - spec.anchor) % spec.interval
    zone = _zone(spec)
    if spec.cron is not None:
        tick, elapsed = _cron_ticks(spec.cron, spec.day_or)
    elif spec.rrule is not None:
        tick, elapsed = _rule_ticks(spec.rrule)
    else:
        tick, elapsed = _day_ticks(spec, zone), False
    return (_by_elapsed_time if elapsed else _by_the_clock)(tick, zone, after)


def first_between(spec: ScheduleSpec, after: int, until: int, limit: int) -> list[int]:
    """The times later than `after`, up to and with `until`; the first `limit` of them."""
    found: list[int] = []
    moment = next_fire(spec, after)
    while moment is not None and moment <= until and len(found) < limit:
        found.append(moment)
        moment = next_fire(spec, moment)
    return found


def fires_between(spec: ScheduleSpec, after: int, until: int, limit: int) -> list[int]:
    """The times later than `after`, up to and with `until`; the last `limit` of them."""
    found: list[int] = []
    moment = next_fire(spec, after)
    while moment is not None and moment <= until:
        found.append(moment)
        if len(found) > limit:
            found.pop(0)
        moment = next_fire(spec, moment)
    return found


def due(spec: ScheduleSpec, since: int, now: int, policy: SchedulePolicy) -> list[int]:
    """The times from `since` to `now` that a schedule is still to fire for, oldest first.

    There is more than one only when nobody looked for a while. The policy says what becomes of
    those that were missed: all of them (the last `catchup_max`), the latest alone, or none, which
    is to say only a time that has just passed. None is older than the window and the deadline.
    """
    catchup = policy.catchup
    wanted = (policy.catchup_max or MOST_CAUGHT_UP) if catchup is Catchup.ALL else 1
    reach = [length for length in (policy.catchup_window, policy.start_deadline) if length]
    stretch, oldest = _JUST, max(since - 1, *(now - length - 1 for length in reach), 0)
    while True:  # looking ever further back, since a year of seconds is not to be counted through
        after = max(oldest, now - stretch)
        found = fires_between(spec, after, now, wanted)
        if len(found) == wanted or after == oldest or catchup is Catchup.NONE:
            return found
        stretch *= 4


# -- wall clocks and moments ------------------------------------------------------------------


def _by_the_clock(tick: Tick, zone: ZoneInfo, after: int) -> int | None:
    wall = tick(_wall(after, zone))
    while wall is not None:
        moment = _first_moment(wall, zone)
        if moment > after:
            return moment
        wall = tick(wall)  # within a repeated hour: the first pass had it
    return None


def _by_elapsed_time(tick: Tick, zone: ZoneInfo, after: int) -> int | None:
    """Tick by the offset in force, from change of clocks to change of clocks."""
    while True:
        offset = _offset(after, zone)
        wall = tick(_EPOCH + (after + offset) * _MICROSECOND)
        if wall is None:
            return None
        moment = (wall - _EPOCH) // _MICROSECOND - offset
        change = _first_change(after, moment, zone)
        if change is None:
            return moment
        after = change - 1
        wall = tick(_EPOCH + (after + _offset(change, zone)) * _MICROSECOND)
        if wall is None:
            return None
        moment = (wall - _EPOCH) // _MICROSECOND - _offset(change, zone)
        if _first_change(change, moment, zone) is None:
            return moment
        after = change


def _first_moment(wall: datetime, zone: ZoneInfo) -> int:
    """The first moment at which clocks show `wall`, or the one at which they skip it."""
    moment = _moment(wall, zone, 0)
    if _wall(moment, zone) == wall:
        return moment
    # Read with the offset before the change it lies after the change, and the other way round.
    change = _first_change(_moment(wall, zone, 1), moment, zone)
    return moment if change is None else change


def _moment(wall: datetime, zone: ZoneInfo, fold: int) -> int:
    aware = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
    return (aware - _EPOCH) // _MICROSECOND


def _wall(moment: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + (moment + _offset(moment, zone)) * _MICROSECOND).replace(fold=0)


def _offset(moment: int, zone: ZoneInfo) -> int:
    """How far the clocks of the zone are ahead of UTC, in microseconds."""
    utc = (_EPOCH + moment * _MICROSECOND).replace(tzinfo=UTC)
    ahead = utc.astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead // _MICROSECOND


def _first_change(after: int, until: int, zone: ZoneInfo) -> int | None:
    """The first moment in (after, until] from which another offset is in force, if there is one.

    Looks hour by hour first, since two changes may make up for each other.
    """
    start = _offset(after, zone)
    step = max(3_600_000_000, (until - after) // 2_000)
    low = after
    while low < until:
        high = min(low + step, until)
        if _offset(high, zone) != start:
            break
        low = high
    else:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == start:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=64)
def _named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _zone(spec: ScheduleSpec) -> ZoneInfo:
    try:
        return _named(spec.timezone or "UTC")
    except (ValueError, OSError, KeyError):
        raise InvalidSchedule(
            f"there is no time zone {spec.timezone!r}; use a name such as Europe/Berlin"
        ) from None


# -- what ticks -------------------------------------------------------------------------------


def _cron_ticks(line: str, day_or: bool) -> tuple[Tick, bool]:
    import croniter  # slow to load; most processes compute no schedule

    if not croniter.croniter.is_valid(line):
        raise InvalidSchedule(f"{line!r} is no cron line; one is '0 8 * * 1', Mondays at eight")

    def tick(wall: datetime) -> datetime | None:
        try:
            found: datetime = croniter.croniter(line, wall, day_or=day_or).get_next(datetime)
        except croniter.CroniterBadDateError:
            return None
        return found

    hours = line.split()[1] if len(line.split()) > 1 else "0"
    return tick, hours == "*" or line.strip() == "@hourly"


def _rule_ticks(text: str) -> tuple[Tick, bool]:
    rule = _parsed_rule(text)
    frequency = getattr(rule, "_freq", None)
    if frequency is None:  # a set of rules and dates
        return lambda wall: rule.after(wall), False
    from dateutil.rrule import HOURLY, MINUTELY, SECONDLY

    units = {HOURLY: 3600, MINUTELY: 60, SECONDLY: 1}
    if frequency not in units:
        return lambda wall: rule.after(wall), False
    if getattr(rule, "_count", None) is not None:
        return lambda wall: rule.after(wall), True
    start: datetime = getattr(rule, "_dtstart")  # noqa: B009  # dateutil has no other way to ask
    period = timedelta(seconds=units[frequency] * int(getattr(rule, "_interval")))  # noqa: B009

    def tick(wall: datetime) -> datetime | None:
        # The same rule begun later, by whole periods: it counts up to `wall` from its beginning.
        periods = max(0, (wall - start) // period - 1)
        found: datetime | None = rule.replace(dtstart=start + periods * period).after(wall)
        return found

    return tick, True


@lru_cache(maxsize=256)
def _parsed_rule(text: str) -> Any:
    from dateutil.rrule import rrulestr

    try:
        parsed: Any = rrulestr(text, dtstart=RULE_START, ignoretz=True)
    except (ValueError, KeyError, AttributeError) as error:
        raise InvalidSchedule(f"{text[:200]!r} is no recurrence rule: {error}") from None
    for rule in getattr(parsed, "_rrule", [parsed]) + getattr(parsed, "_exrule", []):
        _check_rule(rule, text, within_set=rule is not parsed)
    return parsed


def _check_rule(rule: Any, text: str, *, within_set: bool) -> None:
    """Refuse a rule that takes long to follow. dateutil has no other way to ask."""
    from dateutil.rrule import MINUTELY, YEARLY

    if rule._dtstart < _FIRST_START:
        raise InvalidSchedule("a recurrence rule begins in 1970 or later")
    if (rule._count or 0) > _LONGEST_COUNT:
        raise InvalidSchedule(f"a recurrence rule's COUNT is at most {_LONGEST_COUNT}")
    if within_set and rule._freq >= MINUTELY:
        raise InvalidSchedule("within a set, a recurrence rule is hourly or less frequent")
    # By years, since a day that never comes is looked for to the end of all of them.
    whole = {"interval": 1, "count": None, "until": None, "bysetpos": None}
    noon = {"byhour": 12, "byminute": 0, "bysecond": 0}
    days = rule.replace(freq=YEARLY, dtstart=RULE_START, **whole, **noon)
    if days.after(RULE_START) is None:
        raise InvalidSchedule(f"{text[:200]!r} never comes to a time")


def _day_ticks(spec: ScheduleSpec, zone: ZoneInfo) -> Tick:
    interval = (spec.interval or _DAY) * _MICROSECOND
    anchor = _wall(spec.anchor, zone)

    def tick(wall: datetime) -> datetime:
        return wall + interval - (wall - anchor) % interval

    return tick
