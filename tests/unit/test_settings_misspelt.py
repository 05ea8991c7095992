"""A variable that is nearly a setting's is told of, once."""

from __future__ import annotations

import sys

import pytest

from headrace.cli.ledger import service_settings
from headrace.settings import get_settings
from headrace.settings.misspelt import misspelt, tell_of_misspelt


def test_what_was_likely_meant() -> None:
    given = [
        "HEADRACE_LOGGING_LEVLE",
        "HEADRACE_API_ULR",
        "HEADRACE_API_URL",
        "HEADRACE_API_TOKEN",
        "HEADRACE_SOMETHING_ELSE",
        "HEADRACE_SERVER_PORTT",
        "HEADRACE_API_URL_2",
        "HEADRACE_API_URLS",
        "HEADRACE_DATABASES",
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
    monkeypatch.setattr("headrace.settings.misspelt._told", set())
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


@pytest.mark.parametrize("variable", ["HEADRACE__FLOW_RUN_ID", "_HEADRACE_COMPLETE"])
def test_nothing_is_said_beside_a_run_s_variables_or_at_a_prompt(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "1")
    tell_of_misspelt([(f"HEADRACE_NOT_{variable}", "HEADRACE_HOME")])
    assert capsys.readouterr().err == ""


def test_a_closed_stream_is_no_reason_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/null", "w") as closed:
        monkeypatch.setattr(sys, "stderr", closed)
    told: set[str] = set()
    monkeypatch.setattr("headrace.settings.misspelt._told", told)
    tell_of_misspelt([("HEADRACE_HOEM", "HEADRACE_HOME")])
    assert told == {"HEADRACE_HOEM"}
