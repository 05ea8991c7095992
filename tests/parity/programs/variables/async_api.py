import asyncio

from headrace.variables import Variable


async def main():
    await Variable.aset("parity_async", 5, overwrite=True)
    print(await Variable.aget("parity_async"))
    print(await Variable.aunset("parity_async"), await Variable.aget("parity_async", default=0))


asyncio.run(main())
