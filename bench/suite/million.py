"""Lists of a ledger with a million task runs: the first page, later ones, and what narrows them."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from bench.attempts import attempt
from bench.figures import Figure
from bench.millions import TASKS, cached_ledger
from bench.processes import BenchmarkFailed, service
from bench.subjects import Subject

PAGE = """query ($filter: TaskRunFilter, $after: Cursor, $first: Int = 50) {
  taskRuns(first: $first, after: $after, filter: $filter) {
    nodes { id name taskName state { type name timestamp } startTime durationSeconds }
    pageInfo { endCursor hasNextPage }
  }
}"""
RUNS = "{ flowRuns(first: 200) { nodes { id } } }"

Times = dict[str, list[float]]

#: By the figure's key, what is measured; the service's answer over HTTP is what counts.
WHAT = {
    "state": "first page of task runs, filtered by state",
    "any": "first page of all task runs",
    "later": "a later page, filtered by state",
    "run": "first page of a flow run's task runs",
    "text": "first page, by a text that many have in their name",
    "rare": "first page, by a text that one has in its name",
}


def measure(subject: Subject) -> Iterator[Figure]:
    """Milliseconds until the service has answered over HTTP: the 99th of a hundred."""
    if subject.name != "headrace":
        return  # a peer's tables are its own
    count = subject.plan.million
    runs = attempt(1, lambda: _run(subject, count))
    for key, what in WHAT.items():
        taken = [_p99(times[key]) for times in runs.results]
        middle = [statistics.median(times[key]) for times in runs.results]
        yield Figure(
            f"million.{key}",
            f"{what}, of {count:,}: p99{runs.remark}",
            "ms",
            taken,
            f"median: {middle[0]:.1f} ms" if middle else "",
            runs.failure,
        )


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[98]


def _run(subject: Subject, count: int) -> Times:
    home = cached_ledger(count)
    with service(subject, home) as up:
        address = urlsplit(up.url)
        assert address.hostname is not None
        with closing(HTTPConnection(address.hostname, address.port, timeout=60)) as connection:
            return _times(connection, subject.plan.pages, count)


def _times(connection: HTTPConnection, pages: int, count: int) -> Times:
    owners = [run["id"] for run in _ask(connection, RUNS)["flowRuns"]["nodes"]]
    failed = {"states": ["FAILED"]}
    _ask(connection, PAGE, filter=failed)  # whatever is loaded once is loaded now
    times: Times = {key: [] for key in WHAT}
    after: str | None = None
    for index in range(pages):
        wanted: dict[str, dict[str, Any]] = {
            "state": {"filter": failed},
            "any": {},
            "later": {"filter": failed, "after": after},
            "run": {"filter": {"flowRunId": owners[index % len(owners)]}},
            "text": {"filter": {"nameContains": "TASK-3"}},
        }
        for key, variables in wanted.items():
            taken, answer = _timed(connection, **variables)
            times[key].append(taken)
            if key == "later":
                after = (
                    answer["pageInfo"]["endCursor"] if answer["pageInfo"]["hasNextPage"] else None
                )
    for index in range(3):  # each looks at all of them
        name = f"-{(index + 1) * count // 4 // TASKS * TASKS:07}"
        taken, answer = _timed(connection, filter={"nameContains": name})
        if len(answer["nodes"]) != 1:
            raise BenchmarkFailed(f"{len(answer['nodes'])} task runs have {name} in their name")
        times["rare"].append(taken)
    return times


def _timed(connection: HTTPConnection, **variables: Any) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    answer: dict[str, Any] = _ask(connection, PAGE, **variables)["taskRuns"]
    return (time.perf_counter() - started) * 1000, answer


def _ask(connection: HTTPConnection, query: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    if "errors" in answer:
        raise BenchmarkFailed(str(answer["errors"]))
    data: dict[str, Any] = answer["data"]
    return data
