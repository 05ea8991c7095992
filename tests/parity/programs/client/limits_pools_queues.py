import asyncio, uuid
from headrace import flow, task, get_client
from headrace.client.schemas.actions import *
from headrace.client.schemas.filters import *
from headrace.client.schemas.sorting import *
from headrace.exceptions import ObjectNotFound, ObjectAlreadyExists
sfx = uuid.uuid4().hex[:8]


async def main():
    async with get_client() as c:
        print(type(c).__name__, await c.api_healthcheck())
        v = await c.create_variable(VariableCreate(name="cv_" + sfx, value={"a": 1}, tags=["x"]))
        print(v.value, v.tags)
        await c.update_variable(VariableUpdate(name="cv_" + sfx, value=[1])) if hasattr(c, "update_variable") else None
        print((await c.read_variable_by_name("cv_" + sfx)).value)
        print(await c.read_variable_by_name("none_" + sfx))
        print(len([1 for q in await c.read_variables(limit=200) if q.name == "cv_" + sfx]) <= 1)
        await c.delete_variable_by_name("cv_" + sfx)
        try:
            await c.delete_variable_by_name("cv_" + sfx)
        except ObjectNotFound as e:
            print(type(e).__name__)
        lid = await c.create_concurrency_limit(tag="ct-" + sfx, concurrency_limit=3)
        lim = await c.read_concurrency_limit_by_tag("ct-" + sfx)
        print(lim.concurrency_limit, lim.active_slots, lim.tag == "ct-" + sfx)
        await c.reset_concurrency_limit_by_tag("ct-" + sfx)
        await c.delete_concurrency_limit_by_tag("ct-" + sfx)
        try:
            await c.read_concurrency_limit_by_tag("ct-" + sfx)
        except ObjectNotFound as e:
            print(type(e).__name__)
        gid = await c.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="g-" + sfx, limit=2, slot_decay_per_second=0.5))
        g = await c.read_global_concurrency_limit_by_name("g-" + sfx)
        print(g.limit, g.active, g.active_slots, g.slot_decay_per_second, g.id == gid)
        await c.update_global_concurrency_limit("g-" + sfx, GlobalConcurrencyLimitUpdate(limit=9, active=False))
        g = await c.read_global_concurrency_limit_by_name("g-" + sfx)
        print(g.limit, g.active)
        await c.upsert_global_concurrency_limit_by_name("g-" + sfx, 4)
        print((await c.read_global_concurrency_limit_by_name("g-" + sfx)).limit)
        await c.delete_global_concurrency_limit_by_name("g-" + sfx)
        try:
            await c.read_global_concurrency_limit_by_name("g-" + sfx)
        except ObjectNotFound as e:
            print(type(e).__name__)
        p = await c.create_work_pool(WorkPoolCreate(name="pool-" + sfx, type="process", description="d", concurrency_limit=4))
        print(p.name == "pool-" + sfx, p.type, p.description, p.concurrency_limit, p.is_paused, p.status)
        await c.update_work_pool("pool-" + sfx, WorkPoolUpdate(is_paused=True, description="e"))
        p = await c.read_work_pool("pool-" + sfx)
        print(p.is_paused, p.description, p.concurrency_limit)
        try:
            await c.create_work_pool(WorkPoolCreate(name="pool-" + sfx, type="process"))
        except ObjectAlreadyExists as e:
            print(type(e).__name__)
        q = await c.create_work_queue(name="wq", work_pool_name="pool-" + sfx, priority=5, concurrency_limit=1)
        print(q.name, q.priority, q.concurrency_limit, q.is_paused)
        print(sorted(x.name for x in await c.read_work_queues(work_pool_name="pool-" + sfx)))
        print(await c.read_workers_for_work_pool("pool-" + sfx))
        print("pool-" + sfx in [x.name for x in await c.read_work_pools()])
        await c.delete_work_pool("pool-" + sfx)
        try:
            await c.read_work_pool("pool-" + sfx)
        except ObjectNotFound as e:
            print(type(e).__name__)


asyncio.run(main())
