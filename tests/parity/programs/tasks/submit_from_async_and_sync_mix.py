import asyncio

from headrace import flow, task


@task
def sync_task(n):
    return n + 1


@task
async def async_task(n):
    await asyncio.sleep(0)
    return n * 10


@flow
def sync_flow(n):
    return sync_task(n) + async_task.submit(n).result()


@flow
async def async_flow(n):
    a = sync_task(n)
    b = await async_task(n)
    c = sync_task.submit(n).result()
    d = async_task.submit(n).result()
    e = sync_flow(n)
    return a, b, c, d, e


print(sync_flow(1))
print(asyncio.run(async_flow(2)))
