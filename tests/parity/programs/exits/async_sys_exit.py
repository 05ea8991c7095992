import asyncio
import sys

from headrace import flow, task


@task
async def leave():
    sys.exit(9)


@flow
async def main():
    print("before")
    await leave()
    print("never")


asyncio.run(main())
