"""Lists of a ledger with a million task runs: the first page, later ones, and what narrows them.

In a SQLite file and in PostgreSQL.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from bench.attempts import attempt
from bench.figures import Figure
from bench.millions import TASKS, cached_ledger, cached_postgres
from bench.processes import BenchmarkFailed, scratch, service
from bench.subjects import Subject

PAGE = """query ($filter: TaskRunFilter, $after: Cursor, $first: Int = 50) {
  taskRuns(first: $first, after: $after, filter: $filter) {
    nodes { id name taskName state { type name timestamp } startTime durationSeconds }
    pageInfo { endCursor hasNextPage }
  }
}"""
RUNS = "{ flowRuns(first: 200) { nodes { id } } }"
SUMMARIES = """{
  flowRuns(first: 50) { nodes { id taskSummary { taskName counts { type count } } } }
}"""
COUNTS = "{ taskRunCounts { type count } }"

Times = dict[str, list[float]]

#: By the figure's key, what is measured; the service's answer over HTTP is what counts.
WHAT = {
    "state": "first page of task runs, filtered by state",
    "any": "first page of all task runs",
    "later": "a later page, filtered by state",
    "run": "first page of a flow run's task runs",
    "summary": "50 flow runs, each with the summary of its tasks",
    "counts": "task runs by state, counted to 10,000",
    "text": "first page, by a text that many have in their name",
    "rare": "first page, by a text that one has in its name",
}


def measure(subject: Subject) -> Iterator[Figure]:
    """Milliseconds until the service has answered over HTTP: the 99th of a hundred."""
    if subject.name != "headrace":
        return  # a peer's tables are its own
    count = subject.plan.million
    for database, key in (("SQLite", "million"), ("PostgreSQL", "million.postgresql")):
        runs = attempt(1, partial(_run, subject, database, count))
        for name, what in WHAT.items():
            taken = [_p99(times[name]) for times in runs.results]
            middle = [statistics.median(times[name]) for times in runs.results]
            yield Figure(
                f"{key}.{name}",
                f"{what}, of {count:,} in {database}: p99{runs.remark}",
                "ms",
                taken,
                f"median: {middle[0]:.1f} ms" if middle else "",
                runs.failure,
            )


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[98]


def _run(subject: Subject, database: str, count: int) -> Times:
    with ExitStack() as stack:
        if database == "PostgreSQL":
            home = stack.enter_context(scratch())
            extra = ("HEADRACE_DATABASE", stack.enter_context(cached_postgres(count)))
            subject = replace(subject, extra=(*subject.extra, extra))
        else:
            home = cached_ledger(count)
        address = urlsplit(stack.enter_context(service(subject, home)).url)
        assert address.hostname is not None
        connection = HTTPConnection(address.hostname, address.port, timeout=60)
        return _times(stack.enter_context(closing(connection)), subject.plan.pages, count)


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
            taken, answer = _timed(connection, PAGE, **variables)
            times[key].append(taken)
            if key == "later":
                page = answer["taskRuns"]["pageInfo"]
                after = page["endCursor"] if page["hasNextPage"] else None
        for key, query in (("summary", SUMMARIES), ("counts", COUNTS)):
            times[key].append(_timed(connection, query)[0])
    for index in range(3):  # each looks at all of them
        name = f"-{(index + 1) * count // 4 // TASKS * TASKS:07}"
        taken, answer = _timed(connection, PAGE, filter={"nameContains": name})
        found = len(answer["taskRuns"]["nodes"])
        if found != 1:
            raise BenchmarkFailed(f"{found} task runs have {name} in their name")
        times["rare"].append(taken)
    return times


def _timed(connection: HTTPConnection, query: str, **variables: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = _ask(connection, query, **variables)
    return (time.perf_counter() - started) * 1000, answer


def _ask(connection: HTTPConnection, query: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    if "errors" in answer:
        raise BenchmarkFailed(str(answer["errors"]))
    data: dict[str, Any] = answer["data"]
    return data
