import os

from headrace import flow, get_run_logger, task, unmapped
from headrace.runtime import flow_run, task_run
from headrace.task_runners import ProcessPoolTaskRunner


@task(retries=1, tags=["p"])
def work(n, scale):
    get_run_logger().info("n=%s", n)
    if n == 2 and task_run.run_count == 1:
        raise ValueError("first try")
    return n * scale, task_run.run_count, flow_run.flow_name, os.getpid() != parent(scale)


def parent(scale):
    return int(os.environ["PARITY_PARENT"])


@task
def add(items):
    return sum(i[0] for i in items)


@flow(name="pool", task_runner=ProcessPoolTaskRunner(max_workers=2))
def main():
    futures = work.map([1, 2, 3], unmapped(10))
    print(futures.result())
    print(add.submit(futures).result())


if __name__ == "__main__":
    os.environ["PARITY_PARENT"] = str(os.getpid())
    main()
