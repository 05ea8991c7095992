import asyncio

from headrace import flow, task


@task
async def work(n):
    return n


@flow
async def main():
    seen = []
    future = work.submit(3)
    future.wait()
    future.add_done_callback(lambda f: seen.append(f.result()))
    print(future.result(), seen, future.state.is_completed())


asyncio.run(main())
