import asyncio

from headrace import flow, task


@task
async def count(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


@flow
async def stream(n):
    async for i in count(n):
        yield i * 10


@flow
async def main():
    first = None
    async for value in stream(5):
        first = value
        if value == 20:
            break
    return first, [v async for v in count(3)]


print(asyncio.run(main()))
