"""Flow runs that let no other thread of their process run for longer than a lease lasts.

    python -m bench.soak_hogs --seconds 20

One counts in a loop of Python, one calls a C function that keeps the interpreter's lock, both at a
worker with the leases that everybody has, a lease of 15 seconds. Both must complete, each in its
first attempt. Exit code 0 if so.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from typing import Any

from bench.processes import scratch, service, started
from bench.subjects import QUICK, headrace
from headrace import flow
from headrace.client import Client, operations, work
from headrace.settings import get_settings

#: Seconds in which both end, beyond those for which they hog.
PATIENCE = 60.0
ENDS = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@flow
def counts(seconds: int) -> int:
    """A loop of Python."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        count += 1
    return count


@flow
def calls(seconds: int) -> None:
    """A call that does not let go of the interpreter's lock, unlike those of `ctypes.CDLL`."""
    ctypes.PyDLL(None).usleep(seconds * 1_000_000)


def soak(seconds: int) -> str | None:
    """Let both hog for so long; what went wrong, or None."""
    with scratch() as home:
        subject = headrace(QUICK)
        with service(subject, home) as serving:
            os.environ |= {"HEADRACE_API_URL": serving.url, "HEADRACE_HOME": str(home)}
            get_settings.cache_clear()
            with Client() as client:
                client.perform(work.create_work_pool("soak"))
                for each in (counts, calls):
                    each.deploy("d", work_pool_name="soak", print_next_steps=False)
                    wanted: dict[str, Any] = {"deployment": f"{each.name}/d"}
                    wanted["parameters"] = {"seconds": seconds}
                    client.perform(work.create_flow_run(wanted))
                worker = subject.command("worker", "start", "--pool", "soak")
                with started(worker, subject.environment(home, serving.url), home):
                    return _watch(client, seconds)


def _watch(client: Client, seconds: int) -> str | None:
    """Wait for the ends of the runs; what is wrong with them, or None."""
    end = time.monotonic() + seconds + PATIENCE
    while True:
        runs = client.perform(operations.flow_runs())["nodes"]
        if all(run["state"]["type"] in ENDS for run in runs):
            break
        if time.monotonic() > end:
            return f"they have not ended after {seconds + PATIENCE:g} s"
        time.sleep(0.2)
    for run in runs:
        state, attempts = run["state"], run["runCount"]
        print(f"{run['flowName']}, {seconds} s: {state['name']} in attempt {attempts}")
        if (state["type"], attempts) != ("COMPLETED", 1):
            return f"{run['flowName']} did not complete at once: {state['message']}"
    return None


def main() -> str | None:
    """The command; what went wrong."""
    parser = argparse.ArgumentParser(description="Flow runs that let no other thread run.")
    parser.add_argument("--seconds", type=int, default=20, help="for how long (default 20)")
    return soak(parser.parse_args().seconds)


if __name__ == "__main__":
    sys.exit(main())
