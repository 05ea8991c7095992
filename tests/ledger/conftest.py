"""A ledger in a new file for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace_service.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An open ledger, closed at the end."""
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()
