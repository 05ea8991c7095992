"""`headrace config set`, `unset` and `get`: the file changes in one place, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headrace.cli import config
from headrace.exceptions import InvalidSetting
from headrace.settings import get_settings
from headrace.settings.editing import edit, edited

FILE = """\
# What this machine reports to.
api_url = "http://127.0.0.1:4200"  # the service

[server]
port = 4300
retention.runs = 30
"""


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        ("", "logging_level", "DEBUG", 'logging_level = "DEBUG"\n'),
        ("# none", "logging_level", 'a"b', '# none\nlogging_level = "a\\"b"\n'),
        (FILE, "server_port", None, FILE.replace("port = 4300\n", "")),
        (FILE, "server_retention_runs", None, FILE.replace("retention.runs = 30\n", "")),
        (FILE, "api_url", None, FILE.replace(FILE.splitlines(keepends=True)[1], "")),
        (
            FILE,
            "logging_level",
            "INFO",
            FILE.replace("[server]", 'logging_level = "INFO"\n[server]'),
        ),
        (FILE, "settle_timeout", None, FILE),
    ],
)
def test_one_line_changes(before: str, name: str, value: str | None, after: str) -> None:
    assert edited(before, name, value) == after


def test_what_it_does_not_follow_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "headrace.toml"
    text = 'logging.extra_loggers = [\n  "httpx",\n]\n'
    path.write_text(text)
    with pytest.raises(InvalidSetting):
        edit(path, "logging_extra_loggers", "boto3")
    assert path.read_text() == text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    for name in ("HEADRACE_LOGGING_LEVEL", "HEADRACE_API_KEY", "HEADRACE_API_URL"):
        monkeypatch.delenv(name, raising=False)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def run(*arguments: str) -> Result:
    get_settings.cache_clear()  # as in a process of its own
    return CliRunner().invoke(config.command, arguments)


def test_settings_are_set_shown_and_taken_away(home: Path) -> None:
    path = home / "headrace.toml"
    said = run("set", "HEADRACE_LOGGING_LEVEL=DEBUG", "HEADRACE_SERVER_PORT=4300")
    assert said.output == (
        "Set 'HEADRACE_LOGGING_LEVEL' to 'DEBUG'.\n"
        "Set 'HEADRACE_SERVER_PORT' to '4300'.\n"
        f"Updated {path}.\n"
    )
    assert [run("get", name).output for name in ("logging.level", "HEADRACE_SERVER_PORT")] == [
        "DEBUG\n",
        "4300\n",
    ]
    assert f"HEADRACE_LOGGING_LEVEL='DEBUG' (from {path})\n" in run("view").output
    assert f"HEADRACE_DATABASE='{home / 'ledger.db'}' (from defaults)\n" in run("view").output
    assert "HEADRACE_API_URL='' (not set)\n" in run("view").output
    assert run("unset", "HEADRACE_LOGGING_LEVEL", "-y").exit_code == 0
    assert run("get", "HEADRACE_LOGGING_LEVEL").output == "INFO\n"
    again = run("unset", "HEADRACE_LOGGING_LEVEL", "-y")
    assert (again.exit_code, "is not set in" in again.stderr) == (1, True)


def test_a_token_is_not_shown_and_its_file_is_for_nobody_else(home: Path) -> None:
    assert "secret" not in run("set", "HEADRACE_API_TOKEN=secret").output
    assert "secret" not in run("get", "HEADRACE_API_KEY").output
    assert (home / "headrace.toml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("HEADRACE_NOPE=1", "Unknown setting name 'HEADRACE_NOPE'."),
        ("HEADRACE_API_URL", "Use the format 'VAR=VAL'."),
        ("HEADRACE_HOME=/x", "set it in the environment"),
        ("HEADRACE_API_URL=", "has no value"),
    ],
)
def test_what_cannot_be_set_is_refused(home: Path, argument: str, words: str) -> None:
    said = run("set", argument)
    assert (said.exit_code, words in said.stderr) == (1, True)
    assert not (home / "headrace.toml").exists()


@pytest.mark.parametrize("argument", ["HEADRACE_LOGGING_LEVEL=loud", "HEADRACE_SERVER_PORT=x"])
def test_a_value_that_cannot_be_used_is_refused(home: Path, argument: str) -> None:
    assert isinstance(run("set", argument).exception, InvalidSetting)
    assert not (home / "headrace.toml").exists()
