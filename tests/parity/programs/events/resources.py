"""Events."""
from datetime import datetime, timezone, timedelta
from uuid import uuid4, UUID
from headrace import flow, task
from headrace.events import emit_event, Event, Resource, RelatedResource
from headrace.events.schemas.events import ReceivedEvent, ResourceSpecification
e = emit_event(event="my.event", resource={"headrace.resource.id": "r.1", "headrace.resource.name": "R", "k": "v"}, payload={"a": 1}, related=[{"headrace.resource.id": "x.1", "headrace.resource.role": "thing"}], occurred=datetime(2024, 1, 2, tzinfo=timezone.utc), id=UUID(int=7))
print(type(e).__name__, e.event, e.resource, e.payload, e.related, e.occurred, e.id, e.follows)
print(e.resource.id, e.resource.name, e.related[0].role, e.related[0].id, e.resource["k"], e.resource.get("zz"), "k" in e.resource)
print(e.involved_resources == [e.resource, *e.related], e.resource_in_role["thing"].id, list(e.resources_in_role))
print(e.size_bytes > 10, e.find_resource_label("k"), e.find_resource_label("related:thing:headrace.resource.id"))
for bad in ({}, {"x": "y"}, {"headrace.resource.id": ""}):
    try:
        print(Event(event="x", resource=bad))
    except ValueError as err:
        print(type(err).__name__, err.errors()[0]["msg"])
try:
    RelatedResource({"headrace.resource.id": "a"})
except ValueError as err:
    print(err.errors()[0]["msg"])
s = ResourceSpecification({"headrace.resource.id": ["a.*", "!a.1"]})
print(s.matches(Resource({"headrace.resource.id": "a.2"})), s.matches(Resource({"headrace.resource.id": "a.1"})), s.includes([Resource({"headrace.resource.id": "a.3"})]), s.matches_every_resource(), s.items())
print(Resource({"headrace.resource.id": "headrace.flow-run." + str(UUID(int=3))}).headrace_object_id("headrace.flow-run"))
print(Resource({"headrace.resource.id": "a", "b": "c"}).model_dump(), Resource({"headrace.resource.id": "a"}).as_label_value_array())
print(repr(Resource({"headrace.resource.id": "a"})))
d = Event(event="q", resource={"headrace.resource.id": "a"}).model_dump(mode="json")
print(sorted(d), d["payload"], d["related"], d["follows"])

@flow(name="emitter")
def f():
    ev = emit_event("in.flow", {"headrace.resource.id": "z"})
    t()
    print([(x.role, x.name) for x in ev.related if x.role in ("flow", "tag")], sorted(x.role for x in ev.related))

@task
def t():
    ev = emit_event("in.task", {"headrace.resource.id": "z"}, related=[RelatedResource({"headrace.resource.id": "own", "headrace.resource.role": "mine"})])
    print(sorted(x.role for x in ev.related))
f()
