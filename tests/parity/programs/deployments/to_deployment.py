from datetime import timedelta

from headrace import flow


@flow
def main(a: int = 1):
    """What it does."""


d = main.to_deployment("nightly", cron="0 3 * * *", parameters={"a": 4}, tags=["x", "y"], description="text", version="7", paused=True)
print(d.name, d.flow_name, d.parameters, sorted(d.tags), d.description, d.version, d.paused)
print([(s.schedule.cron, s.active) for s in d.schedules])
e = main.to_deployment("often", interval=timedelta(minutes=10))
print(e.schedules[0].schedule.interval, e.description, e.full_name)
print(main.to_deployment("plain").schedules)
