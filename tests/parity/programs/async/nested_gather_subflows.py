import asyncio

from headrace import flow, task


@task
async def double(n):
    await asyncio.sleep(0)
    return n * 2


@flow
async def child(n):
    parts = await asyncio.gather(*(double(i) for i in range(n)))
    return sum(parts)


@flow
async def grandchild_holder(n):
    return await child(n) + await child(n + 1)


@flow
async def main():
    values = await asyncio.gather(*(grandchild_holder(n) for n in range(3)))
    print(values)
    return values


print(asyncio.run(main()))
