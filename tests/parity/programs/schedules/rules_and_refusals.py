"""Schedules."""
import asyncio
from datetime import datetime, timedelta, timezone
from headrace.schedules import Cron, Interval, RRule, Schedule
from headrace.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, NoSchedule, construct_schedule
print(Interval(timedelta(hours=1), timezone="UTC").interval, Interval(10, anchor_date=datetime(2024, 1, 1, tzinfo=timezone.utc)))
for f in (lambda: Cron("bad"), lambda: RRule("nope"), lambda: CronSchedule(cron="61 * * * *"), lambda: CronSchedule(cron="* * * * *", timezone="X/Y"), lambda: IntervalSchedule(interval=timedelta(0)), lambda: RRuleSchedule(rrule="bad"), lambda: CronSchedule(), lambda: construct_schedule(), lambda: construct_schedule(cron="* * * * *", interval=5), lambda: CronSchedule(cron="R * * * *"), lambda: RRuleSchedule(rrule="FREQ=DAILY;" * 500), lambda: CronSchedule(cron="0 0 * * * *"), lambda: IntervalSchedule(interval="x"), lambda: IntervalSchedule(interval=30).interval, lambda: CronSchedule(cron="* * * * *", nope=1)):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__, e.errors()[0]["msg"] if hasattr(e, "errors") else e)
c = CronSchedule(cron="0 0 * * *", timezone="America/New_York")
print(c.model_dump(), repr(c), c == CronSchedule(cron="0 0 * * *", timezone="America/New_York"))
r = RRuleSchedule(rrule="FREQ=WEEKLY;BYDAY=MO")
print(r.model_dump(), str(r.to_rrule())[-26:] if hasattr(r, "to_rrule") else None)
from dateutil.rrule import rrule, DAILY
rr = RRuleSchedule.from_rrule(rrule(DAILY, count=2, dtstart=datetime(2024, 1, 1, tzinfo=timezone.utc)))
print(repr(rr.rrule), rr.timezone)
i = IntervalSchedule(interval=timedelta(days=1), anchor_date=datetime(2024, 1, 1, tzinfo=timezone.utc))
print(i.model_dump(exclude={"anchor_date"}), i.anchor_date)
print(construct_schedule(interval=60, anchor_date=datetime(2024, 1, 1, tzinfo=timezone.utc)).interval, construct_schedule(cron="* * * * *").cron, construct_schedule(rrule="FREQ=DAILY").rrule)
print(NoSchedule(), IntervalSchedule(interval=5, anchor_date="2024-01-01T00:00:00Z").timezone)
