import uuid

from headrace import flow, task
from headrace.runtime import flow_run, task_run


@task
def work():
    return uuid.UUID(task_run.id).version > 0, task_run.run_count, task_run.parameters, task_run.tags


@flow
def main(a, b=2, **named):
    print(uuid.UUID(flow_run.id).version > 0, flow_run.run_count, flow_run.parameters)
    print(work())
    print(task_run.id, task_run.parameters, task_run.run_count)
    print(flow_run.job_variables, flow_run.tags)


main(1, 3, x=5)
print(flow_run.parameters, flow_run.run_count, flow_run.tags, task_run.tags)
