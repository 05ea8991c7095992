import asyncio

from headrace import flow, task


@task
async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i * i


@flow
async def main():
    async for tick in ticks(4):
        print(tick)
    print([t async for t in ticks(2)])


asyncio.run(main())
