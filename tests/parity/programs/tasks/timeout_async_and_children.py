import asyncio

from headrace import flow, task


@task(timeout_seconds=0.2)
async def slow():
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        print("cancelled inside")
        raise


@task(timeout_seconds=5)
async def quick():
    return await asyncio.wait_for(asyncio.sleep(0, "v"), 1)


@flow
async def main():
    states = await asyncio.gather(slow(return_state=True), quick(return_state=True))
    print([s.name for s in states], [s.type.value for s in states])
    print(states[0].message)


asyncio.run(main())
