from headrace import flow, task
from headrace.events import emit_event


@task
def work():
    event = emit_event("done.work", resource={"headrace.resource.id": "thing.1"})
    return sorted({r.role for r in event.related if r.role in ("flow", "flow-run", "task-run")}) if event.related else []


@flow
def main():
    print(type(work()).__name__)
    event = emit_event(event="in.flow", resource={"headrace.resource.id": "thing.2", "extra": "x"}, payload={"a": [1]})
    print(event.event, dict(event.resource.items()) if hasattr(event.resource, "items") else event.resource["extra"])
    return event.follows


print(main())
