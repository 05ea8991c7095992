import asyncio

from headrace import flow, task


@task
async def risky(n):
    if n % 2:
        raise ValueError(f"odd {n}")
    return n


@flow
async def child(n):
    return await risky(n)


@flow
async def main():
    answers = await asyncio.gather(*(child(n) for n in range(4)), return_exceptions=True)
    print([repr(a) for a in answers])
    states = await asyncio.gather(*(child(n, return_state=True) for n in range(4)))
    print([s.name for s in states])


asyncio.run(main())
