"""Event filters and clients."""
import asyncio
from datetime import datetime, timezone, timedelta
from uuid import uuid4
from headrace.events.filters import EventFilter, EventNameFilter, EventResourceFilter, EventOccurredFilter, EventRelatedFilter, EventAnyResourceFilter, EventIDFilter, EventOrder
from headrace.events import Event, Resource
from headrace.events.clients import get_events_client, get_events_subscriber, AssertingEventsClient, NullEventsClient
e = Event(event="my.thing.done", resource={"headrace.resource.id": "r.1", "headrace.resource.name": "R"}, related=[{"headrace.resource.id": "x.1", "headrace.resource.role": "thing"}])
print(EventFilter(event=EventNameFilter(prefix=["my."])).includes(e), EventFilter(event=EventNameFilter(name=["my.thing"])).includes(e), EventFilter(event=EventNameFilter(name=["my.thing.done"])).includes(e))
print(EventNameFilter(exclude_prefix=["my."]).includes(e), EventNameFilter(exclude_name=["a"]).includes(e))
print(EventResourceFilter(id=["r.1"]).includes(e), EventResourceFilter(id_prefix=["r."]).includes(e), EventResourceFilter(labels={"headrace.resource.name": "R"}).includes(e), EventResourceFilter(labels={"headrace.resource.name": "Q"}).includes(e))
print(EventRelatedFilter(role=["thing"]).includes(e) if hasattr(EventRelatedFilter, "includes") else None)
print(EventFilter().model_dump(exclude={"occurred", "text"}))
print([o.value for o in EventOrder])
n = EventOccurredFilter()
print((n.until - n.since).days >= 179)
print(EventIDFilter(id=[e.id]).includes(e), EventIDFilter().includes(e))

async def main():
    async with NullEventsClient() as c:
        await c.emit(e)
    async with AssertingEventsClient() as c:
        await c.emit(e)
        print(len(c.events), [x.event for x in AssertingEventsClient.all[-1].events])
    name = "sub." + uuid4().hex[:6]
    got = []
    async with get_events_subscriber(filter=EventFilter(event=EventNameFilter(name=[name]))) as sub:
        async with get_events_client() as c:
            await c.emit(Event(event=name, resource={"headrace.resource.id": "a"}, payload={"n": 1}))
        async def first():
            async for ev in sub:
                return ev
        ev = await asyncio.wait_for(first(), 80)
        print(type(ev).__name__, ev.payload, ev.resource.id)
asyncio.run(main())
