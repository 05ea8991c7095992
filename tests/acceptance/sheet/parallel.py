import time

from headrace import flow, task
from headrace.futures import wait


@task(log_prints=True)
def process_item(item: int) -> int:
    time.sleep(0.1)
    return item**2


@flow
def parallel_pipeline(items: list[int]) -> list[int]:
    futures = [process_item.submit(item) for item in items]
    wait(futures)
    return [future.result() for future in futures]


print(parallel_pipeline(list(range(10))))
