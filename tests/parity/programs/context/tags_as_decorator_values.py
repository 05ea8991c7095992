# differs: what cannot be used as an option is an error that says so
from headrace import flow, tags
from headrace.runtime import flow_run


@flow
def f():
    return sorted(flow_run.tags)


with tags("a"), tags("b", "a"):
    print(f())
print(f())
try:
    with tags(1):
        print(f())
except Exception as exc:
    print(type(exc).__name__)
