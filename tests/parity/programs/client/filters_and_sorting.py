from headrace import flow, tags, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterName, FlowRunFilterState, FlowRunFilterStateType, FlowRunFilterTags
from headrace.client.schemas.objects import StateType
from headrace.client.schemas.sorting import FlowRunSort


@flow(name="parity2-filtered", flow_run_name="{label}")
def main(label, fail=False):
    if fail:
        raise ValueError("x")


with tags("parity2-tag"):
    main("parity2-one")
    main("parity2-two", fail=True, return_state=True)
main("parity2-three")
mine = FlowFilter(name=FlowFilterName(any_=["parity2-filtered"]))
with get_client(sync_client=True) as client:

    def names(**filters):
        return sorted({r.name for r in client.read_flow_runs(flow_filter=mine, flow_run_filter=FlowRunFilter(**filters))})

    print(names(name=FlowRunFilterName(like_="parity2-t")))
    print(names(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED]))))
    print(names(tags=FlowRunFilterTags(all_=["parity2-tag"])))
    found = client.read_flow_runs(flow_filter=mine, sort=FlowRunSort.START_TIME_DESC, limit=1)
    print(len(found), found[0].name)
    flow_found = client.read_flow_by_name("parity2-filtered")
    print(flow_found.name, flow_found.id == found[0].flow_id)
