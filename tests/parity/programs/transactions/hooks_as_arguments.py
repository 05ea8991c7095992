from headrace import Task, flow
from headrace.transactions import transaction


def keep(txn):
    print("keep", type(txn).__name__)


def drop(txn):
    print("drop")


def body():
    print("step")


step = Task(body, name="step", on_commit=[keep], on_rollback=[drop])


@flow
def alone():
    step()


@flow
def failing():
    with transaction():
        step()
        raise ValueError("x")


alone()
failing(return_state=True)
print(len(step.on_commit_hooks), len(step.on_rollback_hooks))
