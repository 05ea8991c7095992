from headrace import flow, task


@task
def add(a, b=1):
    return a


@flow
def main():
    for call in (lambda: add.map([1, 2], [1]), lambda: add.map(1), lambda: add.map([1], b=[1, 2, 3])):
        try:
            call()
        except Exception as exc:
            print(type(exc).__name__)
            print(exc)
    print(add.map([]).result())


main()
