from headrace import flow, task


def build(n):
    @task(name=f"add-{n}")
    def add(x):
        return x + n

    @flow(name=f"flow-{n}")
    def inner(x):
        return add(add(x))

    return inner


flows = [build(n) for n in (1, 10)]
print([f.name for f in flows], [f(5) for f in flows])
