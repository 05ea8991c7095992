"""A real service on a new ledger, and a script that tells it what happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace_service.server import RunningService, start_in_thread
from tests.tui.script import Script


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    """A service on a new ledger."""
    with start_in_thread(tmp_path / "ledger.db") as running:
        yield running


@pytest.fixture
def script(service: RunningService) -> Script:
    """Something that runs flows."""
    return Script(service)
