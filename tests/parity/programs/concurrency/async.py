import asyncio

from headrace import flow
from headrace.client.orchestration import get_client
from headrace.concurrency.asyncio import concurrency


@flow
async def main():
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name("parity-async-db", 2)
    async with concurrency("parity-async-db", occupy=2, timeout_seconds=20):
        print("inside")
    async with concurrency(["parity-async-db"], occupy=1):
        print("again")


asyncio.run(main())
