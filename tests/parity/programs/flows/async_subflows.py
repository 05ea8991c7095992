import asyncio

from headrace import flow


@flow
async def child(n):
    await asyncio.sleep(0.01)
    return n * 2


@flow
async def parent():
    results = await asyncio.gather(*[child(i) for i in range(3)])
    print(results)
    return sum(results)


print(asyncio.run(parent()))
