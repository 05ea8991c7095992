"""What is counted, in the form that Prometheus reads. Loaded when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import peewee
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from headrace_service.ledger import Ledger
from headrace_service.ledger.columns import OPEN_TYPES
from headrace_service.ledger.models import FlowRun, TaskRun
from headrace_service.ledger.retention import Progress, progress
from headrace_service.measures import Histogram

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

#: Runs in one state are counted up to here: it costs a millisecond, however many there are.
MOST = 10_000


class Standing(NamedTuple):
    """What has to be looked up for an answer."""

    flow_runs: dict[str, int]
    task_runs: dict[str, int]
    retention: list[Progress]


async def render(ledger: Ledger) -> bytes:
    """All metrics, as text.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    standing = await ledger.aread(_look, ledger)
    registry = CollectorRegistry()
    registry.register(_Collector(ledger, standing, await ledger.size()))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    text: bytes = generate_latest(registry)
    return text


def _look(db: peewee.Database, ledger: Ledger) -> Standing:
    counts = []
    for model in (FlowRun, TaskRun):
        by_state = {}
        for state in OPEN_TYPES:
            some = model.select(model.id).where(model.state_type == state).limit(MOST)
            by_state[state] = int(some.count(db))
        counts.append(by_state)
    return Standing(counts[0], counts[1], progress(db, ledger.keep))


class _Collector(Collector):
    def __init__(self, ledger: Ledger, standing: Standing, size: int) -> None:
        self._ledger = ledger
        self._standing = standing
        self._size = size

    def collect(self) -> Iterator[Metric]:
        """Everything, once."""
        yield from self._requests()
        yield from self._writing()
        yield from self._runs()
        yield from self._loops()
        feed = self._ledger.feed
        yield _gauge("subscribers", "Open subscriptions.", feed.subscribers)
        yield _gauge("feed_kept_bytes", "Bytes of rows kept for subscribers.", feed.kept_bytes)
        yield _gauge("feed_lag_seconds", "How long the feed has not followed a commit.", feed.lag())

    def _requests(self) -> Iterator[Metric]:
        measures, labels = self._ledger.measures, ("type", "field")
        seconds = HistogramMetricFamily(
            "headrace_operation_seconds",
            "Seconds that GraphQL operations took; subscriptions: how long they were open.",
            labels=labels,
        )
        for key, histogram in measures.operations.copy().items():
            seconds.add_metric(key, *_buckets(histogram))
        failed = CounterMetricFamily(
            "headrace_operation_errors", "Operations answered with errors.", labels=labels
        )
        for key, count in measures.failed_operations.copy().items():
            failed.add_metric(key, count)
        yield from (seconds, failed)

    def _writing(self) -> Iterator[Metric]:
        measures = self._ledger.measures
        batches = measures.batches
        yield _counter("records", "Records that came in batches.", batches.total)
        yield _histogram("batch_records", "Records of a batch.", batches)
        yield _gauge("writer_waiting_jobs", "Jobs that wait for the writer.", self._ledger.waiting)
        yield _histogram("commit_seconds", "Seconds of a transaction.", measures.commits)
        yield _histogram("commit_jobs", "Jobs that shared a transaction.", measures.groups)
        yield _counter(
            "failed_commits", "Transactions that came to nothing.", measures.failed_commits
        )
        yield _gauge("ledger_bytes", "Bytes that the ledger takes.", self._size)

    def _runs(self) -> Iterator[Metric]:
        for kind, counts in (
            ("flow", self._standing.flow_runs),
            ("task", self._standing.task_runs),
        ):
            family = GaugeMetricFamily(
                f"headrace_open_{kind}_runs",
                f"{kind.capitalize()} runs that have not ended, counted up to {MOST}.",
                labels=("state",),
            )
            for state, count in counts.items():
                family.add_metric((state,), count)
            yield family
        yield _counter(
            "reaped_runs", "Runs that were ended for a dead process.",
            self._ledger.measures.reaped_runs,
        )  # fmt: skip

    def _loops(self) -> Iterator[Metric]:
        labels = ("loop",)
        rounds = CounterMetricFamily("headrace_loop_rounds", "Rounds of a loop.", labels=labels)
        failed = CounterMetricFamily(
            "headrace_loop_failures", "Rounds in which the ledger failed a loop.", labels=labels
        )
        late = HistogramMetricFamily(
            "headrace_loop_lateness_seconds", "How late rounds began.", labels=labels
        )
        for name, loop in self._ledger.measures.loops.copy().items():
            rounds.add_metric((name,), loop.done)
            failed.add_metric((name,), loop.failed)
            late.add_metric((name,), *_buckets(loop.lateness))
        deleted = CounterMetricFamily(
            "headrace_retention_deleted_rows", "Rows deleted for their age.", labels=("kind",)
        )
        for row in self._standing.retention:
            deleted.add_metric((row.kind,), row.deleted)
        yield from (rounds, failed, late, deleted)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"headrace_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"headrace_{name}", text, value=value)


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(f"headrace_{name}", text)
    family.add_metric((), *_buckets(histogram))
    return family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """The counts up to each bound, as Prometheus wants them, and the sum."""
    bounds = [*(f"{bound:g}" for bound in histogram.bounds), "+Inf"]
    counts = accumulate(histogram.counts)
    return list(zip(bounds, map(float, counts), strict=True)), histogram.total
