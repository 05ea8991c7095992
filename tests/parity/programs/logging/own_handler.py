import logging

from headrace import flow, get_run_logger, task


class Keep(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, record.getMessage(), record.name))


handler = Keep()
logging.getLogger("headrace.flow_runs").addHandler(handler)
logging.getLogger("headrace.task_runs").addHandler(handler)


@task(log_prints=True)
def t():
    get_run_logger().warning("careful")
    print("printed", 1, 2, sep="-")


@flow
def f():
    get_run_logger().info("starting %d", 5)
    t()
    get_run_logger().error("bad")


f()
for line in handler.lines:
    if line[1] in ("careful", "printed-1-2", "starting 5", "bad"):
        print(line)
