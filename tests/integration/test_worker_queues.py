"""A worker of queues of which one is not there: it says so, and goes on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from headrace.client import Client, work
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


def test_a_queue_that_is_not_there_is_named(lines: Lines) -> None:
    worker = ProcessWorker("mill", work_queues=["default", "typo"])
    thread = threading.Thread(target=lambda: asyncio.run(worker.start()))
    thread.start()
    assert lines.warned.wait(PATIENCE)
    worker.stop()
    worker.stop()  # nothing is under way that could be cancelled
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [line for line in lines.lines if "queue" in line] == [
        "Work pool 'mill' has no queue 'typo' yet; `headrace work-queue create typo --pool mill` "
        "creates it"
    ]
    assert not [line for line in lines.lines if line.startswith("Cancelling")]
