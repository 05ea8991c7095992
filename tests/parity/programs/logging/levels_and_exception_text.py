import logging

from headrace import flow, get_run_logger, task


class Keep(logging.Handler):
    def emit(self, record):
        kept.append((record.levelname, record.getMessage(), record.exc_info is not None))


kept = []
logging.getLogger("headrace.task_runs").addHandler(Keep())


@task
def work():
    logger = get_run_logger()
    logger.setLevel(logging.DEBUG) if False else None
    try:
        {}["k"]
    except KeyError:
        logger.exception("lost %s", "k")
    logger.critical("critical")
    logger.log(35, "between")
    logger.info("no args %s")
    logger.info({"a": 1})
    logger.info("%(x)s mapping", {"x": 5})


@flow
def main():
    work()


main()
for line in kept:
    if not line[1].startswith("Finished"):
        print(line)
