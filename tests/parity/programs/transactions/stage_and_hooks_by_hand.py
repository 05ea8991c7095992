from headrace import flow
from headrace.transactions import transaction


def rolled(txn):
    print("rolled", txn.get("n"))


def committed(txn):
    print("committed", txn.get("n"))


@flow
def main(fail):
    with transaction() as txn:
        txn.set("n", 5)
        txn.stage("value", on_rollback_hooks=[rolled], on_commit_hooks=[committed])
        print(txn.state.name, txn.is_staged())
        if fail:
            raise RuntimeError("x")


main(False)
print(main(True, return_state=True).name)
