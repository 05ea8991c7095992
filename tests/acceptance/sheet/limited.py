import threading
import time

from headrace import flow, task
from headrace.concurrency.sync import concurrency

inside = []
most = []
counting = threading.Lock()


@task
def api_call(endpoint: str) -> dict:
    with concurrency("external-api", occupy=1):
        with counting:
            inside.append(endpoint)
            most.append(len(inside))
        time.sleep(0.02)
        with counting:
            inside.remove(endpoint)
        return {"endpoint": endpoint}


@flow
def batch_requests(endpoints: list[str]) -> list[dict]:
    futures = [api_call.submit(endpoint) for endpoint in endpoints]
    return [future.result() for future in futures]


print(len(batch_requests([f"/{number}" for number in range(15)])), max(most) <= 5)
