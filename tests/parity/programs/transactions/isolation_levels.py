from headrace import flow, task
from headrace.transactions import CommitMode, IsolationLevel, TransactionState, transaction

print([m.name for m in CommitMode], [m.value for m in CommitMode])
print([m.name for m in IsolationLevel], [m.value for m in IsolationLevel])
print([m.name for m in TransactionState])


@flow
def main():
    with transaction(commit_mode=CommitMode.EAGER) as txn:
        print(txn.commit_mode.name, txn.isolation_level.name, txn.key is None, txn.overwrite)
        with transaction() as inner:
            print(inner.commit_mode.name, inner.parent is txn, inner.get_parent() is txn)
    with transaction() as txn:
        print(txn.commit_mode.name)
        with transaction() as inner:
            print(inner.commit_mode.name)
        print(inner.state.name)
    print(inner.state.name)
    try:
        with transaction(isolation_level=IsolationLevel.SERIALIZABLE):
            pass
    except Exception as error:
        print(type(error).__name__)


main()
