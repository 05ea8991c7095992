import asyncio

from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS, persist_result=True)
async def work(x):
    runs.append(x)
    return x * 2


@flow
async def main():
    print(await work(1), await work(1), await work(2))
    print((await work(2, return_state=True)).name, runs)


asyncio.run(main())
