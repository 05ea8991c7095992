from headrace import flow
from headrace.runtime import flow_run


@flow
def show(a: int, b=("x", 1), c=None):
    print(flow_run.parameters, flow_run.run_count, flow_run.flow_name)
    print(flow_run.parent_flow_run_id, flow_run.tags, flow_run.job_variables)


show("3")
show(1, c={"k": [1, 2]})
