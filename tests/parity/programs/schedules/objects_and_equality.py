import datetime

from headrace.schedules import Cron, Interval, RRule, Schedule

one = Cron("0 9 * * 1-5", timezone="America/New_York", parameters={"a": 1}, slug="work", active=False)
print(type(one).__name__, isinstance(one, Schedule), one.cron, one.timezone, one.active, one.parameters, one.slug)
two = Interval(60, timezone="UTC", anchor_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc))
print(two.interval, two.anchor_date, two.timezone)
three = RRule("FREQ=DAILY;COUNT=3")
print(three.rrule, three.active)
print(Interval(datetime.timedelta(minutes=5)).interval)
for bad in (lambda: Cron("* * *"), lambda: RRule("x")):
    try:
        bad()
        print("accepted")
    except Exception as error:
        print(isinstance(error, (ValueError, TypeError)))
