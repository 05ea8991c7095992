import asyncio

from headrace import flow, task


@task
async def step(n):
    if n == 3:
        raise ValueError("three")
    await asyncio.sleep(0)
    return n


@flow
async def main(n):
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(step(i)) for i in range(n)]
    return [j.result() for j in jobs]


print(asyncio.run(main(3)))
state = asyncio.run(main(5, return_state=True))
print(state.name, type(state.result(raise_on_failure=False)).__name__)
