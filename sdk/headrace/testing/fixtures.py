"""The fixtures of `headrace.testing` for pytest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.testing.clock import VirtualClock, virtual_time
from headrace.testing.utilities import headrace_test_harness


@pytest.fixture
def headrace_ledger() -> Iterator[None]:
    """A ledger of the test's own: see `headrace_test_harness`."""
    with headrace_test_harness():
        yield


@pytest.fixture
def headrace_clock(headrace_ledger: None) -> Iterator[VirtualClock]:
    """A ledger and a clock of the test's own: see `virtual_time`."""
    with virtual_time() as clock:
        yield clock
