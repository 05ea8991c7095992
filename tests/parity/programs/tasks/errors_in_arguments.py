from headrace import flow, task


@task
def work(a, b=1):
    return a + b


@flow
def main():
    for call in (lambda: work(), lambda: work(1, 2, 3), lambda: work(1, c=2), lambda: work.submit(), lambda: work.map([1], c=[2])):
        try:
            print(call())
        except Exception as error:
            print(type(error).__name__, isinstance(error, TypeError))
    for call in (lambda: work.map([1, 2], [1]), lambda: work.map(1), lambda: work.map([1], b=[1, 2])):
        try:
            print(call())
        except Exception as error:
            print(type(error).__name__, str(error)[:30])


main()
