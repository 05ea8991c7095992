import asyncio

from headrace import flow


@flow(timeout_seconds=0.2)
async def slow():
    await asyncio.sleep(5)


async def main():
    state = await slow(return_state=True)
    print(state.name, state.message)
    try:
        await slow()
    except TimeoutError as exc:
        print(type(exc).__name__, exc)


asyncio.run(main())
