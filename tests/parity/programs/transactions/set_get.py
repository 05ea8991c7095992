from headrace import flow, task
from headrace.transactions import get_transaction, transaction


@task
def write(text):
    get_transaction().set("inside", text)
    return text


@write.on_rollback
def undo(txn):
    print("undo", txn.get("inside", None), txn.get("path", None))


@flow
def main():
    with transaction() as txn:
        txn.set("path", "out.txt")
        write("hello")
        print(txn.get("path"), txn.get("nothing", "default"))
        try:
            txn.get("missing")
        except ValueError as exc:
            print(exc)
        raise RuntimeError("fail")


try:
    main()
except RuntimeError as exc:
    print(exc)
