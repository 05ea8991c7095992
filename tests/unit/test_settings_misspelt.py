"""A variable that is nearly a setting's is told of, once."""

from __future__ import annotations

import pytest

from headrace.cli.ledger import service_settings
from headrace.settings import get_settings
from headrace.settings.misspelt import misspelt


def test_what_was_likely_meant() -> None:
    given = [
        "HEADRACE_LOGGING_LEVLE",
        "HEADRACE_API_ULR",
        "HEADRACE_API_URL",
        "HEADRACE_API_TOKEN",
        "HEADRACE_SOMETHING_ELSE",
        "HEADRACE_SERVER_PORTT",
        "HEADRACE__FLOW_RUN_ID",
        "LOGGING_LEVLE",
    ]
    assert list(misspelt(given)) == [
        ("HEADRACE_LOGGING_LEVLE", "HEADRACE_LOGGING_LEVEL"),
        ("HEADRACE_API_ULR", "HEADRACE_API_URL"),
    ]


def test_it_is_told_when_settings_are_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADRACE_LOGGING_LEVLE", "DEBUG")
    monkeypatch.setenv("HEADRACE_SERVER_PROT", "1")
    get_settings.cache_clear()
    try:
        get_settings()
        get_settings.cache_clear()
        get_settings()
        told = "Warning: HEADRACE_LOGGING_LEVLE is no setting; HEADRACE_LOGGING_LEVEL is one.\n"
        assert capsys.readouterr().err == told
        service_settings()
        told = "Warning: HEADRACE_SERVER_PROT is no setting; HEADRACE_SERVER_PORT is one.\n"
        assert capsys.readouterr().err == told
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
