import asyncio

from headrace import flow
from headrace.client.orchestration import get_client
from headrace.states import Cancelled, Completed, Pending, Running, Scheduled


@flow(name="parity2-states")
def main():
    pass


async def run():
    async with get_client() as client:
        made = await client.create_flow_run(main, name="by-hand", parameters={}, tags=["z"], state=Pending())
        print(made.name, made.state.name, sorted(made.tags))
        for state in (Running(), Completed(message="done")):
            result = await client.set_flow_run_state(made.id, state)
            print(result.status.value, result.state.name if result.state else None)
        result = await client.set_flow_run_state(made.id, Cancelled(), force=True)
        print(result.status.value)
        await client.update_flow_run(made.id, name="renamed", tags=["q"])
        again = await client.read_flow_run(made.id)
        print(again.name, again.tags, again.state.name)


asyncio.run(run())
