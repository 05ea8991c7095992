import os

os.environ["HEADRACE_LOGGING_LEVEL"] = "WARNING"
os.environ["HEADRACE_TASKS_DEFAULT_RETRIES"] = "2"
from headrace import task
from headrace.settings import get_current_settings


@task
def t():
    pass


print(get_current_settings().logging.level, get_current_settings().tasks.default_retries, t.retries)
