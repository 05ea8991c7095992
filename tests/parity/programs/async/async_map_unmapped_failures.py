import asyncio

from headrace import flow, task, unmapped
from headrace.futures import as_completed, wait


@task
async def divide(a, b):
    await asyncio.sleep(0)
    return a // b


@flow
async def main():
    futures = divide.map([10, 20, 30], [1, 0, 3])
    done = wait(futures)
    print(len(done.done), len(done.not_done))
    print([f.state.name for f in futures])
    print(sorted(str(f.result(raise_on_failure=False)) for f in as_completed(list(futures))))
    print(divide.map(unmapped(8), [1, 2, 4]).result())


asyncio.run(main())
