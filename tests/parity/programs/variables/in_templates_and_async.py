import asyncio

from headrace import flow, task
from headrace.variables import Variable


@task
async def read(name):
    return await Variable.aget(name, default="none")


@flow
async def main():
    made = await Variable.aset("parity2_async", {"n": [1]}, overwrite=True, tags=["q"])
    print(made.name, made.value, made.tags)
    print(await read("parity2_async"), await read("parity2_absent"))
    print(await asyncio.gather(*(Variable.aget("parity2_async") for _ in range(2))))
    print(await Variable.aunset("parity2_async"), await Variable.aunset("parity2_async"))


asyncio.run(main())
