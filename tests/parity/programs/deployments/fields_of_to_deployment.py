import datetime

from headrace import flow
from headrace.schedules import Cron, Interval


@flow(name="parity2-fields", description="Words.", version="v1")
def main(a: int, b: str = "x"):
    """Other words."""


deployment = main.to_deployment(
    name="one",
    schedules=[Cron("0 3 * * *", timezone="Europe/Berlin", slug="nightly"), Interval(datetime.timedelta(hours=2))],
    parameters={"a": 1},
    tags=["t"],
    paused=True,
    concurrency_limit=3,
    work_pool_name=None,
)
print(deployment.name, deployment.flow_name, deployment.full_name, deployment.description, deployment.version)
print(deployment.parameters, deployment.tags, deployment.paused, deployment.concurrency_limit, deployment.entrypoint.rpartition("/")[2])
print(len(deployment.schedules), type(deployment).__name__, deployment.enforce_parameter_schema)
for schedule in deployment.schedules:
    print(type(schedule.schedule).__name__, schedule.active, schedule.slug)
