from headrace import flow, task


class Registry:
    items = {}

    @classmethod
    def register(cls, fn):
        cls.items[fn.name] = fn
        return fn


@Registry.register
@flow(name="alpha")
def a():
    return "a"


@Registry.register
@flow(name="beta")
def b(n=1):
    return n


for name, registered in sorted(Registry.items.items()):
    print(name, registered(), type(registered).__name__)
