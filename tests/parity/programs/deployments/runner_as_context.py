"""A runner used in a block; what it and a worker are called."""
import asyncio
from headrace import flow, serve
from headrace.runner import Runner
from headrace.workers.process import ProcessWorker
from headrace.client.schemas.objects import FlowRun
@flow
def f(x: int = 1): return x
r = Runner(name="runner-1", limit=2)
print(r.name, r.limit)
async def main():
    async with Runner(name="abc.py") as r:
        print(r.name)
        i = await r.aadd_flow(f, name="d1", tags=["t"]) if hasattr(r, "aadd_flow") else await r.add_flow(f, name="d1")
        j = await r.aadd_deployment(await f.to_deployment("d2")) if hasattr(r, "aadd_deployment") else await r.add_deployment(await f.to_deployment("d2"))
        print(type(i).__name__, i != j)
asyncio.run(main())
w = ProcessWorker(work_pool_name="pool-x")
print(w.type, ProcessWorker.type)
