from headrace import flow, task
from headrace.transactions import transaction


@task
def work(n):
    return n


@work.on_rollback
def undo(txn):
    print("undo")


@flow
def main():
    with transaction():
        print(work.submit(1).result())
        raise ValueError("later")


print(main(return_state=True).name)
