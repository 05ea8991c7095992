import asyncio

from headrace import flow, task


@task
def good():
    return 5


@task
def bad():
    raise ValueError("bad")


@flow
def main():
    return [good(return_state=True), bad(return_state=True)]


state = main(return_state=True)
print(state.name, state.message)


async def read(state):
    print(await state.aresult(raise_on_failure=False) if hasattr(state, "aresult") else None)


@flow
def fine():
    return {"a": [1]}


asyncio.run(read(fine(return_state=True)))
