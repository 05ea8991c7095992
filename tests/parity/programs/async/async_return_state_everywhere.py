import asyncio

from headrace import flow, task


@task
async def good():
    return 1


@task
async def bad():
    raise RuntimeError("no")


@flow
async def child():
    return await good()


@flow
async def main():
    one = await good(return_state=True)
    two = await bad(return_state=True)
    three = await child(return_state=True)
    four = good.submit(return_state=True)
    print(one.name, two.name, three.name, four.name)
    print(await three.aresult())
    print(repr(await two.aresult(raise_on_failure=False)))
    return one


state = asyncio.run(main(return_state=True))
print(state.name, state.type.value)
