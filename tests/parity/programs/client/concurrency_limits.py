import asyncio

from headrace.client.orchestration import get_client
from headrace.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate


async def go():
    async with get_client() as client:
        name = "parity-client-limit"
        try:
            await client.delete_global_concurrency_limit_by_name(name)
        except Exception:
            pass
        await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=3))
        limit = await client.read_global_concurrency_limit_by_name(name)
        print(limit.name, limit.limit, limit.active, limit.active_slots, limit.slot_decay_per_second)
        await client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=7))
        print((await client.read_global_concurrency_limit_by_name(name)).limit)
        await client.delete_global_concurrency_limit_by_name(name)


asyncio.run(go())
