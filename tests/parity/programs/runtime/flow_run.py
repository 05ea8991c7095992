from headrace import flow, tags, task
from headrace.runtime import deployment, flow_run, task_run


@task
def t(x):
    print(task_run.parameters, task_run.task_name, task_run.run_count, task_run.name.startswith("t"))


@flow(name="named")
def main(a: int, b="x"):
    print(flow_run.flow_name, flow_run.parameters, sorted(flow_run.tags), flow_run.run_count)
    print(flow_run.parent_flow_run_id, flow_run.parent_deployment_id, flow_run.root_flow_run_id == flow_run.id)
    print(len(flow_run.id), type(flow_run.id).__name__, len(flow_run.name.split("-")))
    print(deployment.id, deployment.name, deployment.version, deployment.flow_run_id == flow_run.id, deployment.parameters)
    t(5)


with tags("one", "two"):
    main("3")
