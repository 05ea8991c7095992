import asyncio

from headrace import flow, task
from headrace.runtime import flow_run

attempts = 0


@task(retries=1)
async def flaky():
    global attempts
    attempts += 1
    if attempts < 2:
        raise ConnectionError("again")
    return attempts


@flow(retries=2)
async def main():
    value = await flaky()
    print("run", flow_run.run_count, value)
    if flow_run.run_count < 3:
        raise ValueError("once more")
    return value


print(asyncio.run(main()))
