import asyncio

from headrace import flow, task
from headrace.transactions import atransaction

log = []


@task
async def write(name):
    log.append(name)


@write.on_rollback
def undo(txn):
    log.append("undo")


@flow
async def main(fail):
    async with atransaction() as outer:
        outer.set("k", 1)
        await write("a")
        async with atransaction() as inner:
            print(inner.get("k"), inner.get("none", "default"))
            await write("b")
        if fail:
            raise ValueError("x")


asyncio.run(main(False))
print(log)
log.clear()
print(asyncio.run(main(True, return_state=True)).name, log)
