import asyncio

from headrace import flow
from headrace.client.orchestration import get_client
from headrace.states import Cancelled, Scheduled


@flow(name="parity-created")
def main(a=1):
    return a


async def go():
    async with get_client() as client:
        run = await client.create_flow_run(main, parameters={"a": 5}, name="my-run", tags=["x"])
        print(run.name, run.parameters, run.tags, run.state.type.value)
        result = await client.set_flow_run_state(run.id, Scheduled())
        print(result.status.value, (await client.read_flow_run(run.id)).state.name)
        await client.set_flow_run_state(run.id, Cancelled(message="no need"), force=True)
        run = await client.read_flow_run(run.id)
        print(run.state.name, run.state.message)
        await client.delete_flow_run(run.id)
        try:
            await client.read_flow_run(run.id)
        except Exception as exc:
            print(type(exc).__name__)


asyncio.run(go())
