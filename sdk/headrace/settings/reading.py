"""Settings from texts: from the variables of an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from headrace.exceptions import InvalidSetting
from headrace.settings.values import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _flag(text: str) -> bool:
    match text.strip().lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError("use 1 or 0")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1e9:
        raise ValueError("use a number of seconds, 0 or more")
    return seconds


def _duration(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 1e6:
        raise ValueError("use a number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError("use a whole number, 1 or more")
    return count


def _text(text: str) -> str:
    return text.strip()


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("use a whole number, 0 or more")
    return number


def _delays(text: str) -> float | list[float]:
    if not text.strip().startswith("["):
        return int(text) if text.strip().isdecimal() else _seconds(text)
    try:
        return msgspec.json.decode(text, type=list[float])
    except msgspec.MsgspecError:
        raise ValueError("use a number of seconds, or a list such as [1, 10]") from None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _level(text: str) -> str:
    level = text.strip().upper()
    if level not in LEVELS:
        raise ValueError(f"use one of {', '.join(LEVELS)}")
    return level


def _urls(text: str) -> str:
    urls = _names(text)
    for url in urls:
        if not url.startswith(("http://", "https://")) or len(url.split("://", 1)[1]) == 0:
            raise ValueError("use an address such as http://127.0.0.1:4200")
    return ",".join(urls)


def _database(text: str) -> str:
    text = text.strip()
    if text.startswith(("postgresql", "postgres:")):
        return text
    if "://" in text:
        raise ValueError("use a file, or postgresql://user:password@host:port/database")
    return str(_folder(text))


def _token(text: str) -> str:
    token = text.strip()
    if not token.isascii() or not token.isprintable():
        raise ValueError("a token is made of letters, numbers and signs")
    return token


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("use a folder; '~' leads to no home folder") from None


READERS: dict[str, Callable[[str], object]] = {
    "home": _folder,
    "api_url": _urls,
    "database": _database,
    "api_key": _token,
    "logging_level": _level,
    "logging_to_console": _flag,
    "logging_log_prints": _flag,
    "logging_extra_loggers": _names,
    "connect_timeout": _seconds,
    "settle_timeout": _seconds,
    "recorder_buffer": _count,
    "process_heartbeat": _duration,
    "process_lease": _duration,
    "task_runner_max_workers": _count,
    "results_persist_by_default": _flag,
    "results_default_serializer": _text,
    "results_default_storage_block": _text,
    "results_local_storage_path": _folder,
    "tasks_default_persist_result": _flag,
    "tasks_refresh_cache": _flag,
    "tasks_default_no_cache": _flag,
    "tasks_disable_caching": _flag,
    "tasks_default_retries": _number,
    "tasks_default_retry_delay_seconds": _delays,
    "flows_default_retries": _number,
    "flows_default_retry_delay_seconds": _delays,
}

#: What no message shows.
SECRET = frozenset({"api_key"})

#: Other names that Prefect's users may know a setting by.
ALIASES = {
    "api_token": "api_key",
    "api_auth_string": "api_key",
    "default_result_storage_block": "results_default_storage_block",
    "task_default_retries": "tasks_default_retries",
    "task_default_retry_delay_seconds": "tasks_default_retry_delay_seconds",
    "flow_default_retries": "flows_default_retries",
    "flow_default_retry_delay_seconds": "flows_default_retry_delay_seconds",
    "local_storage_path": "results_local_storage_path",
    "task_runner_thread_pool_max_workers": "task_runner_max_workers",
    "tasks_runner_thread_pool_max_workers": "task_runner_max_workers",
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` makes; what it does not name has its default.

    Raises:
        InvalidSetting: a value cannot be used; the message names the variable and the mend.
    """
    values: dict[str, object] = {}
    named = {name: f"HEADRACE_{name.upper()}" for name in READERS}
    for alias, name in ALIASES.items():
        other = f"HEADRACE_{alias.upper()}"
        if name in named and not environment.get(named[name], "").strip() and other in environment:
            named[name] = other
    for name, variable in named.items():
        text = environment.get(variable, "")
        if not text.strip():
            if name != "home":
                continue
            text = "~/.headrace"
        values[name] = read_one(name, variable, text)
    return msgspec.convert(values, Settings)


def read_one(name: str, variable: str, text: str) -> object:
    """The value of the setting `name` that the text of its variable means.

    Raises:
        InvalidSetting: it means none.
    """
    try:
        return READERS[name](text)
    except ValueError as error:
        shown = "…" if name in SECRET else repr(text)
        raise InvalidSetting(f"{variable}={shown} cannot be used: {error}") from None
