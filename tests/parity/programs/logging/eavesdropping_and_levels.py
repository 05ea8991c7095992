import logging

from headrace import flow, get_run_logger, task
from headrace.logging.loggers import LogEavesdropper


@task
def work():
    logger = get_run_logger()
    logger.debug("hidden")
    logger.info("shown %d", 1)
    logger.warning("careful")


@flow
def main():
    with LogEavesdropper("headrace.task_runs", level=logging.WARNING) as eavesdropper:
        work()
    print(eavesdropper.text())
    with LogEavesdropper("headrace.flow_runs") as every:
        get_run_logger().error("wrong: %s", "x")
    print(every.text())


main()
