"""Schedules as users describe them: what they look like, and what is refused."""

from __future__ import annotations

import datetime
import re
from typing import Any, cast

import pytest

from headrace.client.schemas.schedules import CronSchedule as FromSchemas
from headrace.client.schemas.schedules import construct_schedule
from headrace.schedules import (
    Cron,
    CronSchedule,
    Interval,
    IntervalSchedule,
    RRule,
    RRuleSchedule,
    Schedule,
    as_schedule,
)

NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def test_constructors_fill_a_schedule() -> None:
    assert Cron("0 8 * * *", timezone="Europe/Berlin", slug="daily").timezone == "Europe/Berlin"
    assert Interval(90).interval == datetime.timedelta(seconds=90)
    assert Interval(90, anchor_date=NOON).anchor_date == NOON
    assert RRule("FREQ=DAILY", parameters={"n": 1}).parameters == {"n": 1}


def test_a_schedule_prints_as_users_know_it() -> None:
    assert str(Schedule(cron="0 8 * * *", anchor_date=NOON)) == (
        "Schedule(interval=None, cron='0 8 * * *', rrule=None, timezone=None, "
        f"anchor_date={NOON!r}, day_or=True, active=True, parameters={{}}, slug=None)"
    )
    assert repr(CronSchedule(cron="0 8 * * *")) == (
        "CronSchedule(cron='0 8 * * *', timezone=None, day_or=True)"
    )
    assert FromSchemas is CronSchedule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cron("often"), 'Invalid cron string: "often"'),
        (lambda: Cron("0 0 30 2 *"), "never comes to a time"),
        (lambda: Cron("R * * * *"), "Random and Hashed expressions are unsupported"),
        (lambda: Cron("0 0 * * *", timezone="Mars/Base"), 'Invalid timezone: "Mars/Base"'),
        (lambda: Interval(0), "Invalid interval"),
        (lambda: Interval(cast(Any, "x")), "Invalid interval: 'x' (use a datetime.timedelta or"),
        (lambda: RRule("FREQ=NEVER"), 'Invalid RRule string "FREQ=NEVER"'),
        (
            lambda: Schedule(cron="0 0 * * *", rrule="FREQ=DAILY"),
            "Only one schedule type can be defined at a time. Found: cron, rrule",
        ),
        (lambda: CronSchedule(cron="x"), "Invalid cron string"),
        (lambda: IntervalSchedule(interval=datetime.timedelta(0)), "be greater than 0 seconds"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_what_may_be_given_as_a_schedule() -> None:
    cron = Cron("0 8 * * *")
    assert as_schedule(cron) is cron
    assert as_schedule(CronSchedule(cron="0 8 * * *", timezone="UTC")).timezone == "UTC"
    hourly = as_schedule(IntervalSchedule(interval=datetime.timedelta(hours=1), anchor_date=NOON))
    assert (hourly.interval, hourly.anchor_date) == (datetime.timedelta(hours=1), NOON)
    assert as_schedule(RRuleSchedule(rrule="FREQ=DAILY")).rrule == "FREQ=DAILY"
    assert not as_schedule({"schedule": CronSchedule(cron="0 8 * * *"), "active": False}).active
    with pytest.raises(TypeError, match="is no schedule"):
        as_schedule("0 8 * * *")


def test_a_schedule_is_constructed_from_what_is_given() -> None:
    every = construct_schedule(interval=90, anchor_date=NOON)
    assert every == IntervalSchedule(interval=datetime.timedelta(seconds=90), anchor_date=NOON)
    assert construct_schedule(cron="0 8 * * *") == CronSchedule(cron="0 8 * * *")
    assert construct_schedule(rrule="FREQ=DAILY") == RRuleSchedule(rrule="FREQ=DAILY")
    for given, message in (
        ({}, "Either interval, cron, or rrule must be provided"),
        ({"cron": "0 8 * * *", "interval": 5}, "Only one of interval, cron, or rrule"),
        ({"cron": "0 8 * * *", "anchor_date": NOON}, "only be provided with an interval schedule"),
        ({"timezone": "UTC"}, "A timezone can only be provided"),
    ):
        with pytest.raises(ValueError, match=message):
            construct_schedule(**given)
