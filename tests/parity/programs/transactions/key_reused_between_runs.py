from headrace import flow, task
from headrace.transactions import transaction

done = []


@task
def write(n):
    done.append(n)


@flow
def once(n):
    with transaction(key="parity2-once") as txn:
        if txn.is_committed():
            return f"was done: {txn.read().result}"
        write(n)
        txn.stage({"n": n})
    return "done now"


print(once(1), once(2), done)
