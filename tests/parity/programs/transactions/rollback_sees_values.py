from headrace import flow, task
from headrace.transactions import get_transaction, transaction


@task
def create(name):
    get_transaction().set("created", name)
    return name


@create.on_rollback
def remove(txn):
    print("removing", txn.get("created"), txn.get("missing", "default"), txn.name != "")


@task
def verify(name):
    if name == "bad":
        raise ValueError("not verified")


@flow
def main(name):
    with transaction() as txn:
        txn.set("shared", 1)
        create(name)
        verify(name)
        print("inside", txn.get("shared"))
    return "kept"


print(main("good"))
print(main("bad", return_state=True).name)
