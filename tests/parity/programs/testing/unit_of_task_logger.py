import logging

from headrace import flow, get_run_logger, task
from headrace.logging import disable_run_logger
from headrace.testing.utilities import headrace_test_harness


@task
def work(n):
    get_run_logger().info("n is %s", n)
    return n + 1


@flow
def main(n):
    get_run_logger().info("flow")
    return work(n)


with disable_run_logger():
    print(work.fn(1))
    print(main.fn(2) if False else work.fn(2))
try:
    work.fn(1)
except Exception as error:
    print(type(error).__name__)
with headrace_test_harness():
    print(main(5))
