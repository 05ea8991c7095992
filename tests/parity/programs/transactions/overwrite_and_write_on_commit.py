from headrace import flow, task
from headrace.transactions import transaction

order = []


@task
def one():
    order.append("one")


@task
def two():
    order.append("two")
    raise ValueError("two failed")


@one.on_rollback
def undo_one(txn):
    order.append("undo one")


@two.on_rollback
def undo_two(txn):
    order.append("undo two")


@flow
def main():
    with transaction():
        one()
        two()


main(return_state=True)
print(order)
