import asyncio, uuid
from datetime import datetime, timedelta, timezone
from headrace import flow, get_client
from headrace.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from headrace.schedules import Cron, Interval, RRule
sfx = uuid.uuid4().hex[:8]


@flow(name="sc-" + sfx)
def f(a: int = 1):
    pass


i = f.to_deployment("d", schedules=[Cron("0 1 * * *", slug="one", timezone="America/New_York"), Interval(timedelta(hours=2), active=False, parameters={"a": 5}, slug="two")]).apply()
with get_client(sync_client=True) as c:
    d = c.read_deployment(i)
    for s in sorted(d.schedules, key=lambda s: s.slug):
        print(s.slug, type(s.schedule).__name__, s.active, s.parameters, s.schedule.timezone)
    got = c.create_deployment_schedules(i, [(CronSchedule(cron="5 5 * * *"), True), (RRuleSchedule(rrule="FREQ=DAILY"), False)])
    print(len(got), [type(s.schedule).__name__ for s in got], [s.active for s in got])
    print(len(c.read_deployment_schedules(i)))
    c.update_deployment_schedule(i, got[0].id, active=False)
    print([s.active for s in c.read_deployment_schedules(i) if s.id == got[0].id])
    c.delete_deployment_schedule(i, got[1].id)
    print(len(c.read_deployment_schedules(i)))
    c.pause_deployment(i)
    print(c.read_deployment(i).paused)
    c.resume_deployment(i)
    print(c.read_deployment(i).paused)
    print(type(d.flow_id).__name__, d.created is not None, d.full_name if hasattr(d, "full_name") else "-")
