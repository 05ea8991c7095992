import logging

from headrace import flow, get_run_logger, task


class Keep(logging.Handler):
    def __init__(self):
        super().__init__(level=logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, record.getMessage(), getattr(record, "mine", None)))


keep = Keep()
logging.getLogger("headrace").addHandler(keep)


@flow
def f():
    logger = get_run_logger()
    logger.info("info")
    logger.warning("warn %s", "me", extra={"mine": 1})
    logger.critical("crit")


f()
print([line for line in keep.lines if line[1] in ("info", "warn me", "crit")])
