import asyncio

from headrace import flow, task


@task
async def slow():
    await asyncio.sleep(30)


@flow
async def main():
    job = asyncio.create_task(slow())
    await asyncio.sleep(0.1)
    job.cancel()
    try:
        await job
    except asyncio.CancelledError:
        print("cancelled")
    return "end"


print(asyncio.run(main()))
