import asyncio

from headrace import flow, task
from headrace.runtime import flow_run


@task
async def where(n):
    await asyncio.sleep(0.01)
    return flow_run.flow_name, n


@flow(name="child")
async def child():
    return await where(2)


@flow(name="main")
async def main():
    one = asyncio.create_task(where(1))
    two = asyncio.create_task(child())
    three = asyncio.ensure_future(where(3))
    return await one, await two, await three


print(asyncio.run(main()))
