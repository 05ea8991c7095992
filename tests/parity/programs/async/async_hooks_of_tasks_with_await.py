import asyncio

from headrace import flow, task

seen = []


async def note(task, run, state):
    await asyncio.sleep(0)
    seen.append((task.name, state.name))


@task(on_completion=[note], on_failure=[note], on_running=[note], retries=1)
async def work(fail):
    if fail:
        raise ValueError("x")


@flow(on_completion=[lambda flow, run, state: seen.append((flow.name, state.name))])
async def main():
    await work(False)
    await work(True, return_state=True)


asyncio.run(main())
print(seen)
