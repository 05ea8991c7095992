import logging

from headrace.logging import get_logger
from headrace.logging.loggers import flow_run_logger, get_run_logger, task_run_logger

print(get_logger().name, get_logger("mine").name, get_logger("headrace.sub").name)
print(get_logger("mine") is logging.getLogger("headrace.mine"))
print(get_logger("x").getChild("y").name)
try:
    get_run_logger()
except Exception as error:
    print(type(error).__name__, error)
print(callable(flow_run_logger), callable(task_run_logger))
