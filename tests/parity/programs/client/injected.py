"""client in flow; hooks calling client; injected."""
import asyncio
from headrace import flow, task, get_client
from headrace.client.orchestration import get_client as g2, HeadraceClient, SyncHeadraceClient
from headrace.client.utilities import inject_client, get_or_create_client, client_injector
from headrace.states import Completed
@inject_client
async def named(name, client=None):
    return (await client.read_flow_by_name(name)).name, type(client).__name__
@flow
async def f():
    async with get_client() as c:
        return type(c).__name__, (await c.read_flow_by_name("f")).name
print(asyncio.run(f()))
print(asyncio.run(named("f")))
async def main():
    async with get_client() as c:
        print(await named("f", client=c))
        x, inferred = get_or_create_client(c)
        print(x is c, inferred)
        y, inferred = get_or_create_client()
        print(type(y).__name__, inferred)
    try:
        with get_client() as z: pass
    except Exception as e:
        print(type(e).__name__, e)
asyncio.run(main())
c = get_client(sync_client=True)
print(type(c).__name__)
with c:
    print(c.hello().status_code, c.api_healthcheck(), isinstance(c.api_version(), str))
print(g2 is get_client)
def hook(flow, run, state):
    with get_client(sync_client=True) as c:
        print("hook", c.read_flow_run(run.id).name == run.name)
@flow(on_completion=[hook])
def h(): return 1
h()
