from headrace import flow, task
from headrace.transactions import transaction


@task
def step(name):
    print("step", name)


@step.on_rollback
def undo(txn):
    print("undo", txn.name if False else "step")


@step.on_commit
def keep(txn):
    print("keep step")


@flow
def main():
    with transaction():
        step("a")
        with transaction():
            step("b")
        print("inner left")
    print("outer left")


main()
