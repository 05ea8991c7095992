import asyncio

from headrace import flow, task
from headrace.transactions import atransaction


@task
async def step(n):
    print("step", n)


@step.on_rollback
def undo(txn):
    print("undo")


@flow
async def main():
    async with atransaction() as txn:
        await step(1)
        txn.set("k", 5)
        print(txn.get("k"))
        raise ValueError("no")


try:
    asyncio.run(main())
except ValueError as exc:
    print("raised", exc)
