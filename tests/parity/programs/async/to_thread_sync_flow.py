import asyncio

from headrace import flow, task


@task
def work(n):
    return n * 2


@flow
def blocking(n):
    return work(n)


@flow
async def main():
    return await asyncio.gather(*(asyncio.to_thread(blocking, n) for n in range(3)))


print(asyncio.run(main()))
