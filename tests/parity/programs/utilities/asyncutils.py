import asyncio

from headrace.utilities.asyncutils import gather, is_async_fn, run_coro_as_sync, run_sync_in_worker_thread, sync_compatible


async def double(x):
    return 2 * x


def plain(x):
    return x + 1


async def main():
    print(await run_sync_in_worker_thread(plain, 4))
    print(await gather(lambda: double(1), lambda: double(2)))


print(is_async_fn(double), is_async_fn(plain))
print(run_coro_as_sync(double(4)))
asyncio.run(main())
