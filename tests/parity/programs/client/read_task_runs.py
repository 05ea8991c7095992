import asyncio

from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import FlowRunFilter, FlowRunFilterId


@task(task_run_name="t-{n}")
def t(n):
    if n == 2:
        raise ValueError("two")
    return n


@flow
def main():
    for n in (1, 2, 3):
        t(n, return_state=True)
    return "ok"


state = main(return_state=True)


async def read():
    for _ in range(100):
        async with get_client() as client:
            runs = await client.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
            )
        if len(runs) == 3 and all(r.state.is_final() for r in runs):
            break
        await asyncio.sleep(0.2)
    print(sorted((r.name, r.state.type.value) for r in runs))


asyncio.run(read())
