import asyncio

from headrace import flow


@flow
async def child():
    raise RuntimeError("deep")


@flow
async def main():
    print("start")
    await child()


asyncio.run(main())
