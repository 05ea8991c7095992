import os
import subprocess
import sys

PROGRAM = """
from headrace import flow, task

@task
def work():
    print("task says")

@flow
def main():
    print("flow says")
    work()

@flow(log_prints=False)
def quiet():
    print("quiet says")

print("outside")
main()
quiet()
"""

for value in ("true", "false"):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "HEADRACE_LOGGING_LOG_PRINTS": value},
        capture_output=True,
        text=True,
    )
    print(value, done.returncode, done.stdout.split("\n"))
