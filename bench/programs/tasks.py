"""Small tasks in one flow run: `tasks.py sequential|submit|cached|sleep COUNT WARM_UP`.

Prints, as JSON, when the flow was called (monotonic clock, seconds), how long its tasks took and
the flow as a whole, how long the same bare function calls take, and the process's peak memory.
The tasks of `sleep` are coroutines that sleep for a second, all at once.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

from headrace import flow, task
from headrace.cache_policies import INPUTS, TASK_SOURCE
from headrace.futures import wait


def bare(number: int) -> int:
    return number


nothing = task(name="nothing")(bare)
kept = task(name="kept", cache_policy=INPUTS + TASK_SOURCE)(bare)


@flow
def sequential(count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        nothing(number)
    return time.perf_counter() - started


@flow
def submit(count: int) -> float:
    started = time.perf_counter()
    futures = [nothing.submit(number) for number in range(count)]
    wait(futures)
    if sum(future.result() for future in futures) != count * (count - 1) // 2:
        raise RuntimeError("a result is wrong")
    return time.perf_counter() - started


@flow
def cached(count: int) -> float:
    kept(0)  # the first call computes, unless the warm-up has
    started = time.perf_counter()
    for _ in range(count - 1):
        kept(0)
    return time.perf_counter() - started


@task
async def second(number: int) -> int:
    await asyncio.sleep(1)
    return number


@flow
async def sleep(count: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(second(number) for number in range(count)))
    return time.perf_counter() - started


def run_sleep(count: int) -> float:
    return asyncio.run(sleep(count))


def peak_memory() -> int | None:
    """The most memory this process has had, in bytes; None where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
    except OSError:
        return None
    return int(fields["VmHWM"].split()[0]) * 1024


def main(mode: str, count: int, warm_up: int) -> None:
    runs: dict[str, Callable[[int], float]] = {
        "sequential": sequential,
        "submit": submit,
        "cached": cached,
        "sleep": run_sleep,
    }
    run = runs[mode]
    if warm_up:
        run(warm_up)
    called = time.monotonic()
    tasks_s = run(count)
    flow_s = time.monotonic() - called
    started = time.perf_counter()
    for number in range(count):
        bare(number)
    bare_s = time.perf_counter() - started
    print(
        json.dumps(
            {
                "called": called,
                "tasks_s": tasks_s,
                "flow_s": flow_s,
                "bare_s": bare_s,
                "peak_bytes": peak_memory(),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
