from datetime import datetime, timedelta, timezone

from headrace.schedules import Cron, Interval, RRule

cron = Cron("0 8 * * *", timezone="America/New_York")
print(cron.cron, cron.timezone, cron.active, cron.parameters, cron.day_or)
every = Interval(timedelta(hours=6), anchor_date=datetime(2024, 1, 1, tzinfo=timezone.utc), parameters={"a": 1}, slug="six")
print(every.interval, every.anchor_date.year, every.parameters, every.slug)
print(Interval(30).interval)
rule = RRule("FREQ=DAILY;COUNT=3", timezone="UTC")
print(rule.rrule, rule.timezone, type(rule).__name__)
