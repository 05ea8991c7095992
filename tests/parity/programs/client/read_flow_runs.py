import asyncio
import uuid

from headrace import flow, tags
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterTags
from headrace.client.schemas.sorting import FlowRunSort

label = "parity-" + uuid.uuid4().hex


@flow(name=label)
def main(n: int):
    if n == 2:
        raise ValueError("two")


for n in (1, 2, 3):
    with tags(label, f"n{n}"):
        main(n, return_state=True)


async def read():
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[label])), sort=FlowRunSort.START_TIME_ASC
        )
        print([(r.parameters["n"], r.state.name) for r in runs])
        runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[label, "n2"])))
        print([(r.parameters, sorted(t for t in r.tags if t != label)) for r in runs])
        runs = await client.read_flow_runs(flow_filter=FlowFilter(name={"any_": [label]}), limit=2)
        print(len(runs))


asyncio.run(read())
