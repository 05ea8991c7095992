import asyncio

from headrace import flow, task


async def hook(task, run, state):
    await asyncio.sleep(0)
    print("async hook", task.name, state.name)


@task(on_completion=[hook])
def sync_work():
    return 1


@task(on_completion=[hook])
async def async_work():
    return 2


@flow
async def main():
    print(await async_work())
    print(sync_work())


asyncio.run(main())
