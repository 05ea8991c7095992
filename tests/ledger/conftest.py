"""A new ledger for each test: once in a SQLite file and once in PostgreSQL.

Tests about what only a file has (locks, disks, versions of it) take `file_ledger` or `tmp_path`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace_service.ledger import Ledger
from tests.postgres import Server

Place = Path | str


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a ledger can be opened that has nothing in it."""
    if request.param == "sqlite":
        return tmp_path / "ledger.db"
    server: Server = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is nothing yet, not even tables."""
    if request.param == "sqlite":
        return tmp_path / "new.db"
    server: Server = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """An open ledger, closed at the end."""
    opened = Ledger.open(place)
    yield opened
    opened.close()


@pytest.fixture
def file_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An open ledger in a file, closed at the end."""
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()
