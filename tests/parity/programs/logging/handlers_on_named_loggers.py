import logging
import sys

from headrace import flow, get_run_logger, task


class Plain(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith(("Beginning", "View", "Finished")):
            return
        print(record.name, record.levelname, record.getMessage(), hasattr(record, "flow_run_id"), hasattr(record, "task_run_id"))


logging.getLogger("headrace.flow_runs").addHandler(Plain())
logging.getLogger("headrace.task_runs").addHandler(Plain())


@task(name="job")
def work():
    get_run_logger().warning("from %s", "task")


@flow(name="main-flow")
def main():
    logger = get_run_logger()
    logger.info("hello")
    logger.getChild("sub").error("child")
    work()


print("start")
main()
print("end")
