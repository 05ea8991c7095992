import asyncio

from headrace import flow, task, unmapped


@task
async def add(a, b):
    await asyncio.sleep(0)
    return a + b


@task
def plain(a):
    return a + 1


@flow
async def main():
    futures = add.map([1, 2, 3], unmapped(10))
    print(type(futures).__name__, futures.result())
    more = plain.map(futures)
    print(more.result())
    return [f.state.name for f in more]


print(asyncio.run(main()))
