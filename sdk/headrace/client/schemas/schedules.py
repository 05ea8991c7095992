"""Schedules without their options for runs; `headrace.schedules` tells of them."""

from __future__ import annotations

from headrace.schedules import (
    CronSchedule,
    IntervalSchedule,
    RRuleSchedule,
)

__all__ = ["CronSchedule", "IntervalSchedule", "RRuleSchedule"]
