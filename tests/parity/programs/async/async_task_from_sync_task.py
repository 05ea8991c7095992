import asyncio

from headrace import flow, task


@task
async def inner(n):
    return n + 1


@task
def outer(n):
    coroutine = inner(n)
    print(asyncio.iscoroutine(coroutine))
    return asyncio.run(coroutine)


@flow
def main():
    print(outer(1))
    future = inner.submit(5)
    print(future.result())


main()
