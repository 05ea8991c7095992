from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowRunFilter, FlowRunFilterId, TaskRunFilter, TaskRunFilterName, TaskRunFilterState, TaskRunFilterStateType
from headrace.client.schemas.objects import StateType


@task(task_run_name="item-{n}")
def item(n):
    if n == 2:
        raise ValueError(n)
    return n


@flow
def main():
    item.map([1, 2, 3]).wait()


state = main(return_state=True)
mine = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
with get_client(sync_client=True) as client:
    runs = client.read_task_runs(flow_run_filter=mine)
    print(sorted((r.name, r.state.name) for r in runs))
    failed = client.read_task_runs(flow_run_filter=mine, task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.FAILED]))))
    print([r.name for r in failed])
    named = client.read_task_runs(flow_run_filter=mine, task_run_filter=TaskRunFilter(name=TaskRunFilterName(any_=["item-1", "item-3"])))
    print(sorted(r.name for r in named), {r.run_count for r in named})
