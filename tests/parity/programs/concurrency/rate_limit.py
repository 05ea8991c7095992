import time

from headrace.client.orchestration import get_client
from headrace.client.schemas.actions import GlobalConcurrencyLimitCreate
from headrace.concurrency.sync import rate_limit

with get_client(sync_client=True) as client:
    try:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="parity-rate", limit=5, slot_decay_per_second=5.0))
    except Exception:
        pass
for n in range(3):
    rate_limit("parity-rate")
    print("request", n)
