from headrace.transactions import CommitMode, IsolationLevel, Transaction, TransactionState, get_transaction, transaction

print(get_transaction())
with transaction(key="abc") as txn:
    print(txn.state, txn.key, txn.is_active(), get_transaction() is txn)
    with transaction() as child:
        print(child.get_parent() is txn, child.commit_mode)
    print(child.state)
print(txn.state, txn.is_committed(), txn.is_rolled_back(), txn.is_staged(), txn.is_pending())
print([s.value for s in TransactionState], [m.value for m in CommitMode], [l.value for l in IsolationLevel])
try:
    with transaction() as other:
        raise ValueError("x")
except ValueError:
    print(other.state.name, isinstance(other, Transaction))
