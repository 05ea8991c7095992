from headrace import flow, get_client
from headrace.runtime import flow_run


@flow
async def main(x=3):
    async with get_client() as client:
        run = await client.read_flow_run(flow_run.id)
        return run.name == flow_run.name, run.parameters, run.state.name


import asyncio

print(asyncio.run(main()))
