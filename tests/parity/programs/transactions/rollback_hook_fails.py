from headrace import flow, task
from headrace.transactions import transaction


@task
def one():
    return 1


@one.on_rollback
def bad(txn):
    print("bad hook")
    raise RuntimeError("in hook")


@one.on_rollback
def good(txn):
    print("good hook")


@flow
def main():
    with transaction():
        one()
        raise ValueError("original")


try:
    main()
except Exception as exc:
    print(type(exc).__name__, exc)
