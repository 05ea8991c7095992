import asyncio

from headrace import flow, task


@task
def triple(x):
    return 3 * x


@flow
async def main():
    print(triple(2))
    future = triple.submit(5)
    print(future.result())
    return [f.result() for f in triple.map([1, 2])]


print(asyncio.run(main()))
