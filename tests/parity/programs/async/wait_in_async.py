import asyncio

from headrace import flow, task
from headrace.futures import as_completed, wait


@task
async def work(n):
    return n * 10


@flow
async def main():
    futures = [work.submit(n) for n in range(3)]
    wait(futures)
    print([f.result() for f in futures])
    print(sorted(f.result() for f in as_completed([work.submit(7), work.submit(8)])))


asyncio.run(main())
