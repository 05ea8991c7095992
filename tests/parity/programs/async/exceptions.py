import asyncio

from headrace import flow, task


@task
async def bad(n):
    raise ValueError(f"bad {n}")


@flow
async def main():
    results = await asyncio.gather(bad(1), bad(2), return_exceptions=True)
    print([repr(r) for r in results])
    try:
        await bad(3)
    except ValueError as exc:
        print("caught", exc)
    await bad(4)


state = asyncio.run(main(return_state=True))
print(state.name, state.message)
