import asyncio

from headrace import flow


@flow
async def child(n):
    if n == 2:
        raise RuntimeError("two")
    return n


@flow
async def parent():
    states = await asyncio.gather(*[child(n, return_state=True) for n in (1, 2, 3)])
    print([s.name for s in states])
    return states


state = asyncio.run(parent(return_state=True))
print(state.type.value, state.message)
