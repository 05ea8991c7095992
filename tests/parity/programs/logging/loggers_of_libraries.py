# differs: the root logger is the program's own
import logging
import os
import subprocess
import sys

PROGRAM = """
import logging
from headrace import flow, task

logging.basicConfig(stream=__import__("sys").stdout, format="%(name)s:%(levelname)s:%(message)s", level=logging.INFO)
log = logging.getLogger("mylib")

@task
def work():
    log.info("from lib")

@flow
def main():
    log.warning("in flow")
    work()

main()
log.info("after")
"""

done = subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "HEADRACE_LOGGING_EXTRA_LOGGERS": "mylib"}, capture_output=True, text=True)
print(done.returncode)
print("\n".join(line for line in done.stdout.splitlines() if line.startswith("mylib")))
