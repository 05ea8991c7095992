import asyncio

from headrace import flow


@flow
async def counts(n):
    for i in range(n):
        yield i * 10


async def main():
    print([value async for value in counts(3)])


asyncio.run(main())
