import asyncio

from headrace import flow, task


@task(timeout_seconds=0.1)
async def slow():
    await asyncio.sleep(5)


@flow
async def main():
    state = await slow(return_state=True)
    print(state.name, state.message)
    try:
        await slow()
    except TimeoutError as exc:
        print(type(exc).__name__, str(exc))


asyncio.run(main())
