"""The benchmarks: one module each, with `measure(subject)` that yields its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.figures import Figure
from bench.subjects import Subject
from bench.suite import (
    background,
    cached,
    coroutines,
    flatness,
    hello,
    logs,
    million,
    recording,
    sequential,
    served,
    service,
    slots,
    start,
    submit,
    watched,
)

Benchmark = Callable[[Subject], Iterator[Figure]]

#: By name, in the order of the table.
BENCHMARKS: dict[str, Benchmark] = {
    "start": start.measure,
    "hello": hello.measure,
    "sequential": sequential.measure,
    "flatness": flatness.measure,
    "submit": submit.measure,
    "cached": cached.measure,
    "coroutines": coroutines.measure,
    "logs": logs.measure,
    "million": million.measure,
    "recording": recording.measure,
    "deployed": served.measure,
    "background": background.measure,
    "slots": slots.measure,
    "service": service.measure,
    "watched": watched.measure,
}
