"""Settings come from the environment; a wrong one is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.exceptions import HomeUnusable, InvalidSetting
from headrace.settings import (
    Settings,
    ensure_home,
    get_current_settings,
    read_settings,
    temporary_settings,
)


def test_defaults() -> None:
    settings = read_settings({})
    assert settings.home == Path.home() / ".headrace"
    assert settings.api_url is None
    assert settings.ledger == settings.home / "ledger.db"


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/", "/graphql"])
def test_every_form_of_the_address_means_the_root(suffix: str) -> None:
    settings = read_settings({"HEADRACE_API_URL": f"http://127.0.0.1:4200{suffix}"})
    assert settings.service_url == "http://127.0.0.1:4200"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HEADRACE_HOME", "~nobody-of-this-name/x"),
        ("HEADRACE_API_URL", "127.0.0.1:4200"),
        ("HEADRACE_API_URL", "http://"),
        ("HEADRACE_LOGGING_LEVEL", "LOUD"),
        ("HEADRACE_CONNECT_TIMEOUT", "-1"),
        ("HEADRACE_CONNECT_TIMEOUT", "nan"),
        ("HEADRACE_RECORDER_BUFFER", "0"),
        ("HEADRACE_LOGGING_TO_CONSOLE", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"{variable}='{value}' cannot be used: use "):
        read_settings({variable: value})


def test_no_home_folder_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none(path: str) -> str:
        return path  # as when neither HOME nor the system knows one

    monkeypatch.setattr(os.path, "expanduser", none)
    with pytest.raises(InvalidSetting, match=r"HEADRACE_HOME='~/\.headrace' cannot be used: use a"):
        read_settings({})
    assert read_settings({"HEADRACE_HOME": str(tmp_path)}).home == tmp_path


def test_empty_means_not_set() -> None:
    assert read_settings({"HEADRACE_API_URL": " "}).api_url is None


def test_a_home_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(HomeUnusable, match="set HEADRACE_HOME to a folder you can write"):
        ensure_home(blocked / "home")


def test_settings_can_be_changed_for_a_while() -> None:
    from headrace.settings import HEADRACE_API_URL, HEADRACE_LOGGING_LEVEL

    before = HEADRACE_LOGGING_LEVEL.value()
    with temporary_settings({HEADRACE_LOGGING_LEVEL: "DEBUG"}) as settings:
        assert settings is get_current_settings()
        assert settings.logging.level == HEADRACE_LOGGING_LEVEL.value() == "DEBUG"
        with temporary_settings({"api.url": "http://127.0.0.1:1/api"}):
            assert HEADRACE_API_URL.value() == "http://127.0.0.1:1/api"
            assert get_current_settings().service_url == "http://127.0.0.1:1"
            assert HEADRACE_LOGGING_LEVEL == "DEBUG"
            with temporary_settings(restore_defaults=[HEADRACE_API_URL]):
                assert not HEADRACE_API_URL
        with temporary_settings(set_defaults={HEADRACE_LOGGING_LEVEL: "ERROR"}):
            assert str(HEADRACE_LOGGING_LEVEL) == "DEBUG"
        with temporary_settings({HEADRACE_LOGGING_LEVEL: None}):
            assert HEADRACE_LOGGING_LEVEL.value() == HEADRACE_LOGGING_LEVEL.default() == "INFO"
    assert HEADRACE_LOGGING_LEVEL.value() == before


def test_settings_with_other_values_make_variables() -> None:
    from headrace.settings import HEADRACE_LOGGING_LEVEL

    settings = read_settings({"HEADRACE_LOGGING_EXTRA_LOGGERS": "httpx,peewee"})
    other = settings.copy_with_update(
        {HEADRACE_LOGGING_LEVEL: "DEBUG", "tasks.default_retry_delay_seconds": "[1, 2]"},
        restore_defaults=["logging.extra_loggers"],
    )
    assert settings.logging_level == "INFO"
    assert other.to_environment_variables(exclude_unset=True) == {
        "HEADRACE_LOGGING_LEVEL": "DEBUG",
        "HEADRACE_TASKS_DEFAULT_RETRY_DELAY_SECONDS": "[1.0, 2.0]",
    }
    for one in (settings, other):
        assert read_settings(one.to_environment_variables()) == one


def test_temporary_settings_are_checked() -> None:
    with (
        pytest.raises(InvalidSetting, match="HEADRACE_LOGGING_LEVEL='loud'"),
        temporary_settings({"logging.level": "loud"}),
    ):
        pytest.fail("entered with a wrong value")
    with (
        pytest.raises(InvalidSetting, match=r"'logging\.colour' is no setting"),
        temporary_settings({"logging.colour": True}),
    ):
        pytest.fail("entered with an unknown setting")


def test_what_is_no_setting_is_no_name_either() -> None:
    import headrace.settings

    with pytest.raises(AttributeError, match="HEADRACE_NONSENSE is no setting"):
        _ = headrace.settings.HEADRACE_NONSENSE
    with pytest.raises(AttributeError, match="'nonsense'"):
        _ = get_current_settings().nonsense
    with pytest.raises(AttributeError, match="'logging_nonsense'"):
        _ = get_current_settings().logging.nonsense


def test_settings_without_arguments_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    monkeypatch.setenv("HEADRACE_TASKS_DEFAULT_RETRIES", "4")
    settings = Settings(logging_level="DEBUG")  # type: ignore[call-arg]  # what is set is read
    assert (settings.home, settings.tasks.default_retries) == (tmp_path, 4)
    assert settings.logging.level == "DEBUG"


def test_other_names_of_a_setting() -> None:
    read = read_settings({"HEADRACE_TASK_RUNNER_THREAD_POOL_MAX_WORKERS": "3"})
    assert read.task_runner_max_workers == 3


def test_defaults_for_retries_that_a_decorator_does_not_name() -> None:
    from headrace import flow, task

    with temporary_settings(
        {"tasks.default_retries": 2, "tasks.default_retry_delay_seconds": "[1, 10]"}
    ):
        assert task(print).retries == 2
        assert task(print).retry_delay_seconds == [1, 10]
        assert task(retries=0)(print).retries == 0
        assert flow(print).retries == 0
    assert read_settings({"HEADRACE_FLOW_DEFAULT_RETRIES": "3"}).flows_default_retries == 3
    with pytest.raises(
        InvalidSetting, match=r"use a number of seconds, or a list such as \[1, 10\]"
    ):
        read_settings({"HEADRACE_TASKS_DEFAULT_RETRY_DELAY_SECONDS": "[often]"})
