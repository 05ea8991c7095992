from headrace import flow, task
from headrace.runtime import flow_run


@flow
def child():
    return flow_run.root_flow_run_id


@task
def in_task():
    return flow_run.flow_name, flow_run.id


@flow(name="top")
def parent():
    name, ident = in_task()
    print(name, ident == flow_run.id, child() == flow_run.id)
    print(in_task.submit().result()[0])


parent()
