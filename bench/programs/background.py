"""Background runs of a task: `background.py serve LIMIT` executes them, `background.py ask COUNT`
asks for them.

Prints, as JSON, when the first was asked for (monotonic clock, seconds), and how long asking took.
"""

import json
import sys
import time

from headrace import task
from headrace.task_worker import serve


@task
def nothing(number: int) -> int:
    return number


def ask(count: int) -> None:
    called = time.monotonic()
    for number in range(count):
        nothing.delay(number)
    print(json.dumps({"called": called, "asked_s": time.monotonic() - called}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(nothing, limit=int(sys.argv[2]))
    else:
        ask(int(sys.argv[2]))
