import datetime

from headrace.events import emit_event
from headrace.events.schemas.events import Event, RelatedResource, Resource

when = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)
event = emit_event(
    "shop.sold",
    resource={"headrace.resource.id": "shop.1", "headrace.resource.name": "Shop"},
    payload={"n": 1},
    related=[{"headrace.resource.id": "till.2", "headrace.resource.role": "till"}],
    occurred=when,
)
print(event.event, event.resource.id, event.resource.name, event.payload, event.occurred == when)
print(type(event).__name__, [(r.id, r.role) for r in event.related], isinstance(event, Event))
print(Resource({"headrace.resource.id": "x"}).id, RelatedResource({"headrace.resource.id": "y", "headrace.resource.role": "r"}).role)
try:
    Resource({"name": "no id"})
except Exception as error:
    print(type(error).__name__)
try:
    emit_event("x", resource={"a": "b"})
except Exception as error:
    print(type(error).__name__)
