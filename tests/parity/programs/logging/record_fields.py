import logging

from headrace import flow, get_run_logger, task

KEYS = ("flow_run_name", "flow_name", "task_name", "task_run_name")


class Collect(logging.Handler):
    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        if record.getMessage().startswith("mine"):
            self.seen.append((record.name, record.getMessage(), [getattr(record, k, None) for k in KEYS]))


handler = Collect()
for name in ("headrace.flow_runs", "headrace.task_runs"):
    logging.getLogger(name).addHandler(handler)


@task(name="t", task_run_name="t-run")
def work():
    get_run_logger().info("mine task")
    get_run_logger(extra_key="x").info("mine again")


@flow(name="f", flow_run_name="f-run")
def main():
    get_run_logger().info("mine flow")
    work()


main()
for line in handler.seen:
    print(line)
