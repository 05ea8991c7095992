from headrace.client.orchestration import get_client
from headrace.concurrency.sync import concurrency

with get_client(sync_client=True) as client:
    client.upsert_global_concurrency_limit_by_name("parity-full", 1)

with concurrency("parity-full"):
    try:
        with concurrency("parity-full", timeout_seconds=0.5):
            print("not reached")
    except TimeoutError as exc:
        print(type(exc).__name__)
print("end")
