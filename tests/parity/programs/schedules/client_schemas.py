from datetime import timedelta

from headrace.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

print(CronSchedule(cron="0 0 * * *", timezone="UTC").cron)
print(IntervalSchedule(interval=timedelta(minutes=5)).interval)
print(RRuleSchedule(rrule="FREQ=WEEKLY").rrule)
for make in (lambda: CronSchedule(cron="nope"), lambda: IntervalSchedule(interval=timedelta(0)), lambda: CronSchedule(cron="* * * * *", timezone="Mars/Base")):
    try:
        make()
        print("accepted")
    except Exception as exc:
        print(type(exc).__name__)
