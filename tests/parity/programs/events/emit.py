from headrace.events import Event, Resource, emit_event

event = emit_event(event="parity.happened", resource={"headrace.resource.id": "parity.thing.1", "name": "thing"}, payload={"n": 1})
print(type(event).__name__, event.event, event.resource.id, event.payload, event.related)
print(event.resource["name"], isinstance(event, Event))
