import asyncio

from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.concurrency.asyncio import concurrency, rate_limit

events = []


@task
async def work(n):
    async with concurrency("parity2-async", occupy=1):
        events.append("in")
        await asyncio.sleep(0.01)
        events.append("out")
    return n


@flow
async def main():
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name("parity2-async", 1)
    print(await asyncio.gather(*(work(n) for n in range(3))))
    print(events)
    async with concurrency("parity2-async", occupy=1):
        try:
            async with concurrency("parity2-async", occupy=1, timeout_seconds=0.2):
                print("not here")
        except TimeoutError:
            print("timeout")
    await rate_limit("parity2-absent")


asyncio.run(main())
