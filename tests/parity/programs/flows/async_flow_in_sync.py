import asyncio

from headrace import flow


@flow
async def child(x):
    return x * 2


@flow
def parent():
    coroutine = child(4)
    print(asyncio.iscoroutine(coroutine))
    return asyncio.run(coroutine)


print(parent())
