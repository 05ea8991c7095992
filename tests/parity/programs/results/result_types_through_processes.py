from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner


class Item:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n


@task
def make(n):
    return Item(n)


@task
def total(items):
    return sum(i.n for i in items)


@task
def fail(n):
    raise LookupError(n)


@flow(task_runner=ProcessPoolTaskRunner(max_workers=2))
def main():
    items = make.map([1, 2, 3])
    print(total.submit(items).result())
    state = fail.submit(4, return_state=True)
    print(state.name, repr(state.result(raise_on_failure=False)))


if __name__ == "__main__":
    main()
