from headrace import flow, task


@task
def number(n):
    if n == 3:
        raise ValueError("three")
    return n


@flow
def inside(n):
    return {"one": number.submit(n), "list": [number.submit(n + 1)]}


@flow
def plain(n):
    return number.submit(n)


@flow
def tuples():
    return number.submit(1), number.submit(2)


print(plain(1))
print(plain(3, return_state=True).message)
answer = inside(1)
print(type(answer["one"]).__name__, answer["one"].result() if hasattr(answer["one"], "result") else answer["one"])
print([type(a).__name__ for a in tuples()])
