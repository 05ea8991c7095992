import asyncio

from headrace import flow
from headrace.client.orchestration import get_client


@flow(retries=1)
def main():
    raise ValueError("x")


state = main(return_state=True)


async def go():
    async with get_client() as client:
        states = await client.read_flow_run_states(state.state_details.flow_run_id)
        print([s.name for s in states])


asyncio.run(go())
