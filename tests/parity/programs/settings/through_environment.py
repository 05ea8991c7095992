import os
import subprocess
import sys

PROGRAM = """
from headrace import flow, task
from headrace.settings import HEADRACE_LOGGING_LEVEL, HEADRACE_TASKS_DEFAULT_RETRIES, get_current_settings
print(HEADRACE_LOGGING_LEVEL.value(), HEADRACE_TASKS_DEFAULT_RETRIES.value())
settings = get_current_settings()
print(settings.logging.level, settings.tasks.default_retries, settings.flows.default_retries)
calls = []

@task
def work():
    calls.append(1)
    if len(calls) < 3:
        raise ValueError("x")

@flow
def main():
    work()

main()
print(len(calls))
"""

done = subprocess.run(
    [sys.executable, "-c", PROGRAM],
    env={
        **os.environ,
        "HEADRACE_LOGGING_LEVEL": "ERROR",
        "HEADRACE_TASKS_DEFAULT_RETRIES": "2",
        "HEADRACE_FLOWS_DEFAULT_RETRIES": "1",
    },
    capture_output=True,
    text=True,
)
print(done.returncode, done.stdout)
