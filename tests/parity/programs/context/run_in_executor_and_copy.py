import concurrent.futures
import contextvars

from headrace import flow, tags, task
from headrace.runtime import flow_run, task_run

mine = contextvars.ContextVar("mine", default="unset")


@task
def look():
    return mine.get(), sorted(task_run.tags)


@flow
def main():
    mine.set("flow")
    with tags("in-flow"):
        direct = look()
        submitted = look.submit().result()
    return direct, submitted, look()


mine.set("outside")
print(main(), mine.get())
