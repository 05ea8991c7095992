import asyncio

from headrace import flow


@flow
async def main():
    print("before")
    raise OSError("disk")


asyncio.run(main())
