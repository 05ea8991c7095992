from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId


@task
def leaf():
    return 1


@flow(flow_run_name="child-{n}")
def child(n):
    return leaf() + n


@flow
def main():
    return [child(n) for n in range(2)]


state = main(return_state=True)
ident = state.state_details.flow_run_id
with get_client(sync_client=True) as client:
    children = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[ident])))
    print(sorted(c.name for c in children))
    print([s.name for s in client.read_flow_run_states(ident)])
    run = client.read_flow_run(ident)
    print(run.run_count, run.start_time <= run.end_time, run.total_run_time.total_seconds() >= 0, run.parent_task_run_id)
