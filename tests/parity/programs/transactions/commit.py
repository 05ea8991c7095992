from headrace import flow, task
from headrace.transactions import transaction


@task
def write(n):
    print("write", n)
    return n


@write.on_commit
def committed(txn):
    print("commit hook", txn.key is not None)


@write.on_rollback
def rolled_back(txn):
    print("rollback hook")


@flow
def main():
    with transaction():
        write(1)
        print("end of block")
    print("after")


main()
