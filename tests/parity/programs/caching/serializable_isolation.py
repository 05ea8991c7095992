from headrace import flow, task
from headrace.cache_policies import INPUTS
from headrace.locking.memory import MemoryLockManager
from headrace.transactions import IsolationLevel

runs = []
policy = INPUTS.configure(isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=MemoryLockManager())


@task(cache_policy=policy, persist_result=True)
def work(x):
    runs.append(x)
    return x


@flow
def main():
    futures = [work.submit(1) for _ in range(5)]
    print([f.result() for f in futures], runs)


main()
