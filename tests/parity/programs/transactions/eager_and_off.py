from headrace import flow, task
from headrace.transactions import CommitMode, transaction


@task
def step():
    print("step")


@step.on_commit
def commit(txn):
    print("commit")


@step.on_rollback
def rollback(txn):
    print("rollback")


@flow
def main(mode):
    try:
        with transaction(commit_mode=mode) as txn:
            step()
            print(mode.value, "block ends")
    finally:
        print(txn.state.value)


main(CommitMode.EAGER)
main(CommitMode.LAZY)
