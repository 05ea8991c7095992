"""A home of its own for each test, and a service that is killed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import Service


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the processes use."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HEADRACE_HOME", str(path))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    return path


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    """A service process."""
    started = Service(home / "service.db")
    yield started
    started.kill()
