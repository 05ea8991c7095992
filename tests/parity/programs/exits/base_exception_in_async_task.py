import asyncio

from headrace import flow, task


class Halt(BaseException):
    pass


@task
async def work():
    raise Halt("stop")


@flow
async def main():
    try:
        await work()
    except Halt as error:
        print("caught", error)
        raise


try:
    asyncio.run(main())
except Halt as error:
    print("outside", error)
