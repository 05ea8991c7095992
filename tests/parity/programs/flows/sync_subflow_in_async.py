import asyncio

from headrace import flow, task


@task
def t(x):
    return x + 1


@flow
def child(x):
    return t(x)


@flow
async def parent():
    return child(10)


print(asyncio.run(parent()))
