"""What a worker says that may be a mistake: of queues that are not there, of another one's name."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from headrace.client import Client, work
from headrace.ids import new_id
from headrace.testing.utilities import headrace_test_harness
from headrace.workers.process import ProcessWorker

PATIENCE = 60


class Lines(logging.Handler):
    """The lines of a logger, and the moment at which one of them warns."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.warned = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if record.levelno == logging.WARNING:
            self.warned.set()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the worker logs, beside a ledger of the test's own with a pool."""
    handler, logger = Lines(), logging.getLogger("headrace.worker")
    with headrace_test_harness():
        with Client() as client:
            client.perform(work.create_work_pool("mill"))
        logger.addHandler(handler)
        yield handler
        logger.removeHandler(handler)


def warned(lines: Lines, worker: ProcessWorker) -> list[str]:
    """What a worker says of queues and of others while it starts, and is stopped once it warned."""
    thread = threading.Thread(target=lambda: asyncio.run(worker.start()))
    thread.start()
    assert lines.warned.wait(PATIENCE)
    worker.stop()
    worker.stop()  # nothing is under way that could be cancelled
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not [line for line in lines.lines if line.startswith("Cancelling")]
    return [line for line in lines.lines if "queue" in line or "Another" in line]


def test_a_queue_that_is_not_there_is_named(lines: Lines) -> None:
    assert warned(lines, ProcessWorker("mill", work_queues=["default", "typo"])) == [
        "Work pool 'mill' has no queue 'typo' yet; `headrace work-queue create typo --pool mill` "
        "creates it"
    ]


def test_another_worker_of_the_same_name_is_told_of(lines: Lines) -> None:
    other = {"workerId": str(new_id()), "workerName": "twin", "host": "elsewhere", "pid": 7}
    with Client() as client:
        asked = {**other, "workPoolName": "mill", "leaseSeconds": 60, "limit": 0}
        client.perform(work.claim_flow_runs(asked))
    assert warned(lines, ProcessWorker("mill", name="twin")) == [
        "Another worker of pool 'mill' is called 'twin', too (process 7 on elsewhere): both take "
        "its runs; --name tells them apart"
    ]
