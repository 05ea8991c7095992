from headrace import flow, task
from headrace.transactions import transaction


@task
def step():
    return 1


@step.on_rollback
def undo(txn):
    print("undo")


@flow
def main():
    state = None
    with transaction() as txn:
        state = step(return_state=True)
        print(state.name)
        txn.rollback()
        print(txn.state.name)
    return "end"


print(main())
