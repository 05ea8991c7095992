import logging

from headrace import flow, get_run_logger, task
from headrace.logging import get_logger


@task
def t():
    logger = get_run_logger()
    print(logger.name, type(logger).__name__, logger.extra["task_name"], logger.extra["flow_name"])


@flow
def f():
    logger = get_run_logger()
    print(logger.name, isinstance(logger, logging.LoggerAdapter), logger.extra["flow_name"])
    logger.info("hello %s", "there")
    t()


f()
print(get_logger().name, get_logger("mine").name, get_logger("headrace.other").name)
