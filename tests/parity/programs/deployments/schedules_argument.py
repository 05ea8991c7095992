from headrace import flow
from headrace.schedules import Cron, Interval


@flow
def main():
    pass


d = main.to_deployment("many", schedules=[Cron("0 0 * * *", timezone="Europe/Berlin"), Interval(60)])
print([type(s.schedule).__name__ for s in d.schedules], d.schedules[0].schedule.timezone)
d = main.to_deployment("one", schedule=Cron("5 4 * * *", active=False))
print(d.schedules[0].schedule.cron, d.schedules[0].active)
try:
    main.to_deployment("two", cron="* * * * *", interval=5)
except ValueError as exc:
    print(exc)
