from headrace import flow, get_run_logger, task
from headrace.logging import disable_run_logger


@task
def t(x):
    logger = get_run_logger()
    logger.info("hi")
    return x + 1


with disable_run_logger():
    print(t.fn(1), get_run_logger().name)
