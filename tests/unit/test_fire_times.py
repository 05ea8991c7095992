"""When schedules fire: a table of cases, and what holds in every zone across every change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_service.schedules import (
    Catchup,
    InvalidSchedule,
    SchedulePolicy,
    ScheduleSpec,
    check,
    due,
    fires_between,
    next_fire,
)

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
SECOND, HOUR = 1_000_000, 3_600_000_000
NEW_YORK = "America/New_York"


def micros(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


def shown(moment: int, zone: str = "UTC") -> str:
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment))
        .astimezone(ZoneInfo(zone))
        .isoformat(timespec="minutes")
    )


def fires(spec: ScheduleSpec, start: str, count: int) -> list[str]:
    found, moment = [], micros(start)
    for _ in range(count):
        following = next_fire(spec, moment)
        assert following is not None
        moment = following
        found.append(shown(moment, spec.timezone or "UTC"))
    return found


ANCHOR = micros("2026-01-01T14:00+00:00")


@pytest.mark.parametrize(
    ("spec", "start", "expected"),
    [
        (
            ScheduleSpec(cron="0 8 * * 1"),
            "2026-05-01T00:00Z",
            ["2026-05-04T08:00+00:00", "2026-05-11T08:00+00:00"],
        ),
        (  # skipped: at the moment the clocks go forward
            ScheduleSpec(cron="30 2 * * *", timezone=NEW_YORK),
            "2026-03-07T12:00Z",
            ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
        ),
        (  # repeated: the first time
            ScheduleSpec(cron="30 1 * * *", timezone=NEW_YORK),
            "2026-11-01T00:00Z",
            ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
        ),
        (  # hourly: through both passes
            ScheduleSpec(cron="0 * * * *", timezone=NEW_YORK),
            "2026-11-01T04:30Z",
            ["2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00", "2026-11-01T02:00-05:00"],
        ),
        (
            ScheduleSpec(cron="0 0 13 * 5", day_or=False),
            "2026-01-01T00:00Z",
            ["2026-02-13T00:00+00:00", "2026-03-13T00:00+00:00"],
        ),
        (
            ScheduleSpec(interval=90 * 60_000_000, anchor=ANCHOR),
            "2026-01-01T14:00Z",
            ["2026-01-01T15:30+00:00", "2026-01-01T17:00+00:00"],
        ),
        (  # whole days keep to the clock
            ScheduleSpec(interval=24 * HOUR, anchor=ANCHOR, timezone=NEW_YORK),
            "2026-03-07T15:00Z",
            ["2026-03-08T09:00-04:00", "2026-03-09T09:00-04:00"],
        ),
        (  # before its anchor an interval has times, too
            ScheduleSpec(interval=HOUR, anchor=ANCHOR + 60_000_000),
            "2025-12-01T00:00Z",
            ["2025-12-01T00:01+00:00"],
        ),
        (
            ScheduleSpec(rrule="RRULE:FREQ=MONTHLY;BYDAY=2FR;BYHOUR=9", timezone=NEW_YORK),
            "2026-03-01T00:00Z",
            ["2026-03-13T09:00-04:00", "2026-04-10T09:00-04:00"],
        ),
        (  # counted from 2020-01-01T00:00 on
            ScheduleSpec(rrule="FREQ=HOURLY;INTERVAL=5"),
            "2026-01-01T00:00Z",
            ["2026-01-01T02:00+00:00", "2026-01-01T07:00+00:00"],
        ),
        (
            ScheduleSpec(rrule="DTSTART:20260101T090000\nRRULE:FREQ=DAILY;COUNT=2"),
            "2025-01-01T00:00Z",
            ["2026-01-01T09:00+00:00", "2026-01-02T09:00+00:00"],
        ),
    ],
)
def test_fire_times(spec: ScheduleSpec, start: str, expected: list[str]) -> None:
    assert fires(spec, start, len(expected)) == expected


def test_a_rule_ends() -> None:
    spec = ScheduleSpec(rrule="DTSTART:20260101T090000\nRRULE:FREQ=DAILY;COUNT=1")
    assert next_fire(spec, micros("2026-01-01T09:00Z")) is None


def test_the_last_times_of_a_stretch() -> None:
    spec = ScheduleSpec(cron="0 * * * *")
    found = fires_between(spec, micros("2026-01-01T00:00Z"), micros("2026-01-01T05:00Z"), 2)
    assert [shown(moment) for moment in found] == [
        "2026-01-01T04:00+00:00",
        "2026-01-01T05:00+00:00",
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ScheduleSpec(), "one of cron, interval and rrule"),
        (ScheduleSpec(cron="0 0 * * *", interval=HOUR), "one of cron, interval and rrule"),
        (ScheduleSpec(cron="every day"), "is no cron line"),
        (ScheduleSpec(cron="0 0 31 2 *"), "never comes to a time"),
        (ScheduleSpec(cron="0 0 * * *", timezone="Mars/Base"), "no time zone 'Mars/Base'"),
        (ScheduleSpec(interval=0), "from 1 second to 1000 years"),
        (ScheduleSpec(interval=1), "from 1 second to 1000 years"),
        (ScheduleSpec(interval=10**18), "from 1 second to 1000 years"),
        (ScheduleSpec(rrule="FREQ=SECONDLY;COUNT=1000000000"), "COUNT is at most 10000"),
        (ScheduleSpec(rrule="DTSTART:00010101T000000\nRRULE:FREQ=DAILY"), "in 1970 or later"),
        (
            ScheduleSpec(rrule="RRULE:FREQ=SECONDLY\nRRULE:FREQ=DAILY"),
            "within a set, a recurrence rule is hourly",
        ),
        (ScheduleSpec(rrule="FREQ=NEVER"), "no recurrence rule"),
    ],
)
def test_what_makes_no_sense_is_refused(spec: ScheduleSpec, message: str) -> None:
    with pytest.raises(InvalidSchedule, match=message):
        check(spec, ANCHOR)


moments = st.integers(micros("2015-01-01T00:00Z"), micros("2030-01-01T00:00Z"))


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), start=moments, minute=st.integers(0, 24 * 60 - 1))
def test_a_daily_schedule_fires_once_on_every_day(zone: str, start: int, minute: int) -> None:
    spec = ScheduleSpec(cron=f"{minute % 60} {minute // 60} * * *", timezone=zone)
    local, moment, days = ZoneInfo(zone), start, []
    for _ in range(5):
        following = next_fire(spec, moment)
        assert following is not None
        assert following > moment
        moment = following
        at = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(local)
        days.append(at.date())
        wall = at.replace(tzinfo=None)
        # The time asked for, or, where clocks skip it, the first one that they show after it.
        asked = wall.replace(hour=minute // 60, minute=minute % 60)
        assert (
            wall == asked
            or _is_skipped(asked, local)
            or _is_skipped(asked - timedelta(days=1), local)
        )
        assert at.fold == 0 or wall != asked
    # A day that a zone left out altogether (crossing the date line) is none of its days.
    assert all((b - a).days <= 2 for a, b in pairwise(days))
    assert len(set(days)) >= 4


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != wall


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), start=moments)
def test_a_frequent_schedule_never_pauses(zone: str, start: int) -> None:
    """No hole and no double, whatever the clocks do: an offset changes by whole minutes."""
    spec = ScheduleSpec(cron="* * * * *", timezone=zone)
    moment = start
    for _ in range(5):
        following = next_fire(spec, moment)
        assert following is not None
        assert 0 < following - moment <= 60_000_000
        moment = following


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), start=moments, hours=st.integers(1, 100))
def test_an_interval_keeps_its_distance(zone: str, start: int, hours: int) -> None:
    spec = ScheduleSpec(interval=hours * HOUR, anchor=ANCHOR, timezone=zone)
    first = next_fire(spec, start)
    assert first is not None
    second = next_fire(spec, first)
    assert second is not None
    if hours % 24:
        assert second - first == hours * HOUR
    else:  # as the clocks on the wall have it
        assert abs(second - first - hours * HOUR) <= 25 * HOUR


CHANGES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo")


@pytest.mark.parametrize("zone", CHANGES)
def test_across_a_year_of_changes_each_hour_has_one_run(zone: str) -> None:
    start, end = micros("2025-12-31T12:30Z"), micros("2026-12-31T12:30Z")
    found = fires_between(ScheduleSpec(cron="15 * * * *", timezone=zone), start, end, 10_000)
    gaps = {later - earlier for earlier, later in pairwise(found)}
    # Where clocks move by half an hour, so does "a quarter past".
    assert gaps <= {HOUR, HOUR // 2, HOUR + HOUR // 2}
    assert len(found) in range(8_758, 8_763)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_that_never_comes_is_refused(rule: str) -> None:
    """Each day would be looked at up to the year 9999 else, or each second of them."""
    with pytest.raises(InvalidSchedule, match="never comes to a time"):
        check(ScheduleSpec(rrule=rule), ANCHOR)


def test_all_the_times_of_a_long_absence_are_not_counted_through() -> None:
    """Only the last hundred count; these are a billion."""
    now = micros("2026-01-01T00:00+00:00")
    spec = ScheduleSpec(interval=SECOND)
    found = due(spec, now - 1_000_000_000 * SECOND, now, SchedulePolicy(Catchup.ALL))
    assert found == [now - seconds * SECOND for seconds in reversed(range(100))]
