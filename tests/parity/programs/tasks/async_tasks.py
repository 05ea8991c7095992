import asyncio

from headrace import flow, task


@task
async def double(x):
    await asyncio.sleep(0.01)
    return 2 * x


@flow
async def main():
    print(await double(2))
    print(await asyncio.gather(*[double(i) for i in range(5)]))
    state = await double(4, return_state=True)
    print(state.name, await state.result() if asyncio.iscoroutine(state.result) else state.data is not None)


asyncio.run(main())
