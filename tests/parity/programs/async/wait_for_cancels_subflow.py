import asyncio

from headrace import flow, task


@task
async def slow():
    try:
        await asyncio.sleep(30)
    finally:
        print("task over")


@flow
async def child():
    await slow()


@flow
async def main():
    try:
        await asyncio.wait_for(child(), 0.3)
    except asyncio.TimeoutError:
        print("too slow")
    return "done"


print(asyncio.run(main()))
