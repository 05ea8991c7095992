"""to_deployment of class flows, deploy print, apply twice, update."""
from headrace import flow, get_client, deploy
from headrace.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, DeploymentScheduleCreate
from headrace.client.schemas.schedules import IntervalSchedule, CronSchedule
from headrace.schedules import Cron
import uuid
U = uuid.uuid4().hex[:6]
@flow
def etl(a: int, b: str = "x"): return a
i = etl.to_deployment(f"d-{U}", parameters={"a": 1}, cron="0 1 * * *", tags=["one"]).apply()
j = etl.to_deployment(f"d-{U}", parameters={"a": 2}, tags=["two"], description="new").apply()
print(i == j)
with get_client(sync_client=True) as c:
    d = c.read_deployment(i)
    print(d.parameters, d.tags, d.description, [s.schedule.cron for s in d.schedules], d.paused)
    c.update_deployment(i, DeploymentUpdate(description="upd", tags=["x"], parameters={"a": 5}, paused=True))
    d = c.read_deployment(i)
    print(d.description, d.tags, d.parameters, d.paused)
    s = c.create_deployment_schedules(i, [DeploymentScheduleCreate(schedule=CronSchedule(cron="5 5 * * *"), active=True, slug="sl", parameters={"a": 9})])
    print(s[0].slug, s[0].parameters, s[0].active, s[0].deployment_id == i)
    print(sorted(x.schedule.cron for x in c.read_deployment(i).schedules))
    r = c.create_flow_run_from_deployment(i)
    print(r.parameters, r.tags, r.state.name, r.auto_scheduled, r.work_pool_name)
    r = c.create_flow_run_from_deployment(i, parameters={"b": "q"}, tags=["own"], state=None)
    print(r.parameters, sorted(r.tags))
    try:
        c.create_flow_run_from_deployment(i, parameters={"a": "notint"})
        print("created")
    except Exception as e:
        print(type(e).__name__)
    c.create_work_pool(WorkPoolCreate(name=f"wp-{U}", type="process"))
    k = etl.to_deployment(f"e-{U}", work_pool_name=f"wp-{U}", work_queue_name="fast", job_variables={"env": {"A": "b"}}).apply()
    d = c.read_deployment(k)
    print(d.work_pool_name.replace(U, "U"), d.work_queue_name, d.job_variables)
    print(sorted(q.name for q in c.read_work_queues(work_pool_name=f"wp-{U}")))
    for x in (i, k): c.delete_deployment(x)
