import logging

from headrace import flow, get_run_logger

messages = []


class Keep(logging.Handler):
    def emit(self, record):
        messages.append((record.levelname, record.getMessage(), record.exc_info is not None))


@flow
def f():
    logger = get_run_logger()
    logger.logger.addHandler(Keep()) if hasattr(logger, "logger") else None
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("division")
    logger.debug("debugging")


f()
print([m for m in messages if m[1] == "division"])
