import asyncio

from headrace import flow, task

tries = {"task": 0, "flow": 0}


@task(retries=2, retry_delay_seconds=0.01)
async def flaky():
    tries["task"] += 1
    if tries["task"] < 3:
        raise ValueError("again")
    return "task ok"


@flow(retries=1)
async def main():
    tries["flow"] += 1
    if tries["flow"] == 1:
        raise ValueError("flow again")
    return await flaky()


print(asyncio.run(main()), tries)
