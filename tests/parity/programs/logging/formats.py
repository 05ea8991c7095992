import logging

from headrace import flow, get_run_logger


@flow(name="named")
def f():
    logger = get_run_logger()
    print(logger.isEnabledFor(logging.INFO), logger.isEnabledFor(logging.DEBUG))
    logger.log(logging.INFO, "x")
    print(logger.extra["flow_run_name"] != "", logger.logger.name)


f()
