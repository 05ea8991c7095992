from headrace import flow, task
from headrace.transactions import transaction


@task
def write(n):
    print("write", n)
    return n


@write.on_rollback
def undo(txn):
    print("undo write")


@task
def check(n):
    raise ValueError("bad data")


@flow
def main():
    with transaction():
        check(write(1))


state = main(return_state=True)
print(state.name, state.message)
