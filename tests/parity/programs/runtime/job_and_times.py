from datetime import datetime

from headrace import flow, task
from headrace.runtime import flow_run, task_run


@task
def t():
    return type(task_run.id).__name__, task_run.run_count, task_run.parameters


@flow(retries=1)
def f():
    print(isinstance(flow_run.scheduled_start_time, datetime), flow_run.job_variables, flow_run.work_pool_name if hasattr(flow_run, "work_pool_name") else None)
    print(t())
    if flow_run.run_count == 1:
        raise ValueError("once")
    return flow_run.run_count


print(f())
