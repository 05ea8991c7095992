"""Log lines in one flow run: `lines.py COUNT WARM_UP`.

Prints, as JSON, when the flow was called (monotonic clock, seconds), how long it took, and how long
the standard library's logging takes for the same lines to the same place.
"""

import json
import logging
import sys
import time

from headrace import flow, get_run_logger


@flow
def lines(count: int) -> None:
    logger = get_run_logger()
    for number in range(count):
        logger.info("line %d", number)


def standard_library(count: int) -> float:
    """Seconds for the same lines through a plain logger with one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s | %(levelname)-7s | %(message)s"))
    logger = logging.Logger("plain")
    logger.addHandler(handler)
    started = time.perf_counter()
    for number in range(count):
        logger.info("line %d", number)
    return time.perf_counter() - started


def main(count: int, warm_up: int) -> None:
    lines(warm_up)
    called = time.monotonic()
    lines(count)
    flow_s = time.monotonic() - called
    plain_s = standard_library(count)
    print(json.dumps({"called": called, "flow_s": flow_s, "plain_s": plain_s}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
