from headrace import flow, task


@task(name="n", tags=["t"], version="v", retries=1)
def work(a: int, b: str = "x") -> str:
    """Does things."""
    return b * a


@task
async def later():
    pass


@task
def generator():
    yield 1


print(work.name, work.version, work.description, work.isasync, work.isgenerator, sorted(work.tags), callable(work.fn))
print(later.isasync, generator.isgenerator, work.__name__, work.__doc__, work.__wrapped__ is work.fn if hasattr(work, "__wrapped__") else "")
print(work.fn(2), work.fn(2, b="z"))
print(repr(work.parameters) if False else list(work.fn.__annotations__))
