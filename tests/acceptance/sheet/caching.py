import time
from datetime import timedelta

from headrace import flow, task
from headrace.tasks import task_input_hash


@task(cache_key_fn=task_input_hash, cache_expiration=timedelta(hours=1), log_prints=True)
def expensive_query(sql: str) -> list[dict]:
    print(f"Running query: {sql}")
    time.sleep(0.1)
    return [{"result": 42}]


@flow
def pipeline():
    r1 = expensive_query("SELECT * FROM big_table")
    r2 = expensive_query("SELECT * FROM big_table")
    print(r1, r2)


pipeline()
