import asyncio

from headrace import flow


@flow
def sync_flow():
    return "sync in loop"


async def main():
    print(sync_flow())


asyncio.run(main())
