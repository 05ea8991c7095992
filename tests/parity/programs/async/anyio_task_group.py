import anyio
from headrace import flow, task

seen = []


@task
async def work(n):
    await anyio.sleep(0)
    seen.append(n)


@flow
async def main():
    async with anyio.create_task_group() as group:
        for n in range(4):
            group.start_soon(work, n)
    print(sorted(seen))


anyio.run(main)
