import asyncio

from headrace import flow


@flow(timeout_seconds=0.2)
async def slow():
    await asyncio.sleep(30)


@flow
async def main():
    try:
        await slow()
    except TimeoutError as error:
        print(type(error).__name__)
    state = await slow(return_state=True)
    print(state.name, state.type.value, state.is_failed())


asyncio.run(main())
