import asyncio
import uuid

from headrace import flow
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from headrace.client.schemas.sorting import FlowRunSort

label = "parity-" + uuid.uuid4().hex


@flow(name=label, flow_run_name="run-{n}")
def main(n):
    if n % 2:
        raise ValueError("odd")


for n in range(4):
    main(n, return_state=True)


async def go():
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[label])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Failed"]))),
            sort=FlowRunSort.START_TIME_DESC,
        )
        print([r.name for r in runs])
        runs = await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[label])), limit=2, offset=1, sort=FlowRunSort.START_TIME_ASC)
        print([r.name for r in runs])


asyncio.run(go())
