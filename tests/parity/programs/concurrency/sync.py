from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.actions import GlobalConcurrencyLimitCreate
from headrace.concurrency.sync import concurrency

with get_client(sync_client=True) as client:
    client.upsert_global_concurrency_limit_by_name("parity-db", 1)

active, peak = 0, 0


@task
def work(n):
    global active, peak
    with concurrency("parity-db", occupy=1):
        active += 1
        peak = max(peak, active)
        active -= 1
    return n


@flow
def main():
    print([f.result() for f in work.map(range(3))], peak)


main()
