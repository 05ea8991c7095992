"""Where the processes of a test work: without a service, and reporting to one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.settings import get_settings
from headrace_service.server import start_in_thread
from tests.acceptance.scripts import Workplace


@pytest.fixture(params=["embedded", "service"])
def workplace(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    """A folder for scripts, once with a ledger file of its own and once with a service."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    get_settings.cache_clear()
    (tmp_path / "home").mkdir()
    if request.param == "embedded":
        yield Workplace(tmp_path)
    else:
        with start_in_thread(tmp_path / "service.db") as service:
            yield Workplace(tmp_path, service.url)
    get_settings.cache_clear()
