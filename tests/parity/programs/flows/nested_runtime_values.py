from headrace import flow, task
from headrace.runtime import flow_run, task_run


@task(task_run_name="t-{n}")
def leaf(n):
    return task_run.name, task_run.task_name, task_run.parameters, flow_run.name, flow_run.flow_name


@flow(flow_run_name="child-{n}")
def child(n):
    before = flow_run.name
    value = leaf(n)
    return before, value, flow_run.parameters, flow_run.name == before


@flow(flow_run_name="parent")
def main():
    print(flow_run.name, flow_run.parent_flow_run_id, flow_run.root_flow_run_id == flow_run.id)
    print(child(1))
    print(leaf(2))
    print(flow_run.name, task_run.name)


main()
print(flow_run.name, task_run.name)
