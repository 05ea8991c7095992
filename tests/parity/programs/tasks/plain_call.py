from headrace import flow, task


@task
def add(a: int, b: int = 10) -> int:
    return a + b


@flow
def main():
    print(add(1))
    print(add(1, 2))
    print(add(b=5, a=3))
    return "done"


print(main())
