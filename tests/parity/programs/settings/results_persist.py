from headrace import flow, task
from headrace.results import should_persist_result
from headrace.settings import HEADRACE_RESULTS_PERSIST_BY_DEFAULT, HEADRACE_TASKS_DEFAULT_RETRIES, temporary_settings


@task
def t():
    return should_persist_result()


@flow
def f():
    return t()


with temporary_settings({HEADRACE_RESULTS_PERSIST_BY_DEFAULT: True}):
    print(f())
print(f())
