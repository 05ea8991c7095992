import asyncio

from headrace import flow, task


@task
async def fetch(n):
    await asyncio.sleep(0.01 * (3 - n))
    return n


@flow
async def main():
    futures = fetch.map([0, 1, 2])
    print([f.result() for f in futures])
    single = fetch.submit(5)
    print(single.result())
    return await asyncio.gather(fetch(1), fetch(2))


print(asyncio.run(main()))
