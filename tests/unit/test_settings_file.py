"""Settings in a file: below the environment, and named when they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.exceptions import InvalidSetting
from headrace.settings import Settings, read_settings
from headrace.settings.files import NAME, with_file
from headrace_service.settings import read_service_settings


def variables(home: Path, text: str | None, **given: str) -> Mapping[str, str]:
    if text is not None:
        (home / NAME).write_text(text)
    return with_file({"HEADRACE_HOME": str(home), **given})


def settings(home: Path, text: str | None, **given: str) -> Settings:
    return read_settings(variables(home, text, **given))


def test_no_file_is_no_news(tmp_path: Path) -> None:
    given = {"HEADRACE_HOME": str(tmp_path / "none")}
    assert with_file(given) is given


def test_names_may_be_flat_or_in_tables(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        """
        logging_level = "debug"
        tasks.default-retries = 3
        task_default_retry_delay_seconds = [1, 10]
        [logging]
        log_prints = true
        extra_loggers = ["httpx", "sqlalchemy"]
        """,
    )
    assert (found.logging_level, found.logging_log_prints) == ("DEBUG", True)
    assert found.logging_extra_loggers == ["httpx", "sqlalchemy"]
    assert found.tasks_default_retries == 3
    assert found.tasks_default_retry_delay_seconds == [1, 10]


def test_the_environment_counts_for_more(tmp_path: Path) -> None:
    text = 'logging.level = "DEBUG"\ntasks_default_retries = 3'
    found = settings(
        tmp_path,
        text,
        HEADRACE_LOGGING_LEVEL="ERROR",
        HEADRACE_TASK_DEFAULT_RETRIES="1",
    )
    assert (found.logging_level, found.tasks_default_retries) == ("ERROR", 1)
    assert settings(tmp_path, text, HEADRACE_LOGGING_LEVEL=" ").logging_level == "DEBUG"


def test_the_service_reads_it_too(tmp_path: Path) -> None:
    found = variables(tmp_path, "[server]\nport = 4300\nretention.runs = 7.5")
    service = read_service_settings(found, {"port": "4400", "host": None})
    assert (service.port, service.retention_runs) == (4400, 7.5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("logging.level = 'LOUD'", "headrace.toml: HEADRACE_LOGGING_LEVEL='LOUD' cannot be used"),
        ("colour = 1", "'colour' is no setting"),
        ("home = '/tmp'", "'home' is no setting"),
        ("logging_level = 2026-01-01", "'logging_level' is neither"),
        ("a b", "is no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidSetting, match=told.replace("'", ".")) as refused:
        variables(tmp_path, text)
    assert str(tmp_path) in str(refused.value)
