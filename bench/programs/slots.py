"""Slots of the limit `bench`, of five: `slots.py ALONE CROWD EACH`.

ALONE times one thread takes a slot and gives it back; then CROWD threads do so EACH times at once,
after as many turns that do not count. Prints how long each of the first took, how long all of the
second, and each one's wait.
"""

import json
import sys
import threading
import time

from headrace.concurrency.sync import concurrency


def alone(count: int) -> list[float]:
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        with concurrency("bench", occupy=1):
            pass
        taken.append(time.perf_counter() - begun)
    return taken


def crowd(threads: int, each: int) -> tuple[float, list[float]]:
    waits: list[float] = []
    warm, done = threading.Barrier(threads + 1), threading.Barrier(threads + 1)

    def cross() -> None:
        cross_often([])
        warm.wait()
        cross_often(waits)
        done.wait()

    def cross_often(noted: list[float]) -> None:
        for _ in range(each):
            begun = time.perf_counter()
            with concurrency("bench", occupy=1):
                noted.append(time.perf_counter() - begun)

    for _ in range(threads):
        threading.Thread(target=cross).start()
    warm.wait()
    begun = time.perf_counter()
    done.wait()
    return time.perf_counter() - begun, waits


if __name__ == "__main__":
    first, threads, each = map(int, sys.argv[1:])
    alone(min(first, 20))
    singly = alone(first)
    seconds, waits = crowd(threads, each)
    print(json.dumps({"alone_s": singly, "crowd_s": seconds, "waits_s": waits}))
