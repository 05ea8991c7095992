from headrace import flow, task


def one(task, run, state):
    print("one")


def two(task, run, state):
    print("two")


@task(on_completion=[one])
def work():
    return 1


@flow
def main():
    work()
    work.with_options(on_completion=[two])()
    work.with_options(name="n")()


main()
