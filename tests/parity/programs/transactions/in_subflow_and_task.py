from headrace import flow, task
from headrace.transactions import get_transaction, transaction


@task
def read():
    return get_transaction().get("who", "nobody")


@task
def nested_task():
    with transaction(key=None) as txn:
        txn.set("who", "task")
        return txn.get("who"), txn.get("outer", "none")


@flow
def child():
    txn = get_transaction()
    return txn is None or txn.get("outer", "none")


@flow
def main():
    with transaction() as txn:
        txn.set("outer", "yes")
        txn.set("who", "me")
        print(read())
        print(nested_task())
        print(child())
    print(txn.state.name, txn.is_committed(), txn.is_rolled_back())


main()
