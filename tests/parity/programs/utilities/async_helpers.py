import asyncio

from headrace import flow
from headrace.utilities.asyncutils import gather, is_async_fn, is_async_gen_fn, run_coro_as_sync, run_sync_in_worker_thread, sync_compatible


async def coroutine(n):
    return n + 1


async def agen():
    yield 1


def plain(n):
    return n * 2


@sync_compatible
async def both(n):
    return n * 3


print(is_async_fn(coroutine), is_async_fn(plain), is_async_gen_fn(agen))
print(run_coro_as_sync(coroutine(1)), both(2))


async def main():
    print(await run_sync_in_worker_thread(plain, 4), await both(3))
    print(await gather(lambda: coroutine(1), lambda: coroutine(2)))


asyncio.run(main())


@flow
def inside():
    return both(5)


print(inside())
