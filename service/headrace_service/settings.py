"""The service's settings: one table of names, readers and meanings.

Each is a variable, `HEADRACE_SERVER_` before its name in capitals, and a flag of
`headrace server start`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4200
DEFAULT_STATEMENT_TIMEOUT = 10.0

PREFIX = "HEADRACE_SERVER_"


class InvalidServiceSetting(Exception):
    """A setting has an unusable value; the message names it and the mend."""


class ServiceSettings(msgspec.Struct, frozen=True):
    """What can be set; `SETTINGS` says what each means."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    synchronous: str = "NORMAL"
    statement_timeout: float = DEFAULT_STATEMENT_TIMEOUT
    auth: str = "auto"
    allowed_hosts: str = ""
    log_level: str = "WARNING"
    log_format: str = "text"
    retention_runs: float = 90.0
    retention_events: float = 90.0
    retention_logs: float = 30.0
    retention_interval: float = 3600.0


class Setting(NamedTuple):
    """One setting: what makes a value of a text, and what it sets."""

    name: str
    read: Callable[[str], object]
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The flag of `headrace server start`."""
        return "--" + self.name.replace("_", "-")

    @property
    def default(self) -> str:
        """What it is when nobody sets it, as it would be written."""
        value = getattr(ServiceSettings(), self.name)
        return f"{value:g}" if isinstance(value, float) else str(value)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise ValueError("use a number from 0 to 65535")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        for word in words:
            if text.lower() == word.lower():
                return word
        raise ValueError(f"use {', '.join(words[:-1])} or {words[-1]}")

    return read


def _number(least: float, advice: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(advice) from None
        if not least <= number < 1e9:
            raise ValueError(advice)
        return number

    return read


_seconds = _number(1e-9, "use a number of seconds above 0")
_days = _number(0, "use a number of days; 0 keeps them for ever")

SETTINGS = (
    Setting("host", str, "the address to listen on; 0.0.0.0 is every one"),
    Setting("port", _port, "the port; 0 takes a free one"),
    Setting(
        "synchronous",
        _one_of("NORMAL", "FULL"),
        "NORMAL: what is acknowledged survives the death of any process; FULL: a power cut as "
        "well, at the price of a disk flush with each commit",
    ),
    Setting(
        "statement_timeout",
        _seconds,
        "after how many seconds a query is stopped and answered with the error TookTooLong",
    ),
    Setting(
        "auth",
        _one_of("auto", "required", "off"),
        "whether an API token is needed; auto: as soon as others than this machine's users reach "
        "the service, or there is a token; off: whoever reaches the port can do everything",
    ),
    Setting(
        "allowed_hosts",
        str.lower,
        "other names under which the service is reached, through a proxy, with commas between",
    ),
    Setting(
        "log_level",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        "the least level of the service's own log lines, which go to standard error",
    ),
    Setting(
        "log_format",
        _one_of("text", "json"),
        "how they are written: lines for people, or a JSON object a line",
    ),
    Setting(
        "retention_runs",
        _days,
        "days that a run is kept after its end, with all that hangs on it; 0 is for ever",
    ),
    Setting(
        "retention_events",
        _days,
        "days that events are kept: histories of states, and what programs emit; 0 is for ever",
    ),
    Setting("retention_logs", _days, "days that log lines are kept; 0 is for ever"),
    Setting("retention_interval", _seconds, "seconds between two looks for what is to go"),
)


#: Names that Prefect's users may know a setting by.
ALIASES = {"host": "api_host", "port": "api_port", "log_level": "logging_level"}


def read_service_settings(
    environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None
) -> ServiceSettings:
    """The settings that `environment` makes; what it does not name has its default.

    Args:
        environment: variables and their texts; an empty one counts for nothing.
        flags: texts by the settings' names, which count for more; None is not given.

    Raises:
        InvalidServiceSetting: a value cannot be used.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        named = (setting.variable, PREFIX + ALIASES.get(setting.name, setting.name).upper())
        name = next((each for each in named if environment.get(each, "").strip()), named[0])
        text = environment.get(name, "").strip()
        given = (flags or {}).get(setting.name)
        if given is not None:
            name, text = setting.flag, given.strip()
        if not text:
            continue
        try:
            values[setting.name] = setting.read(text)
        except ValueError as error:
            raise InvalidServiceSetting(f"{name}={text!r} cannot be used: {error}") from None
    return ServiceSettings(**values)


def url_at(host: str, port: int) -> str:
    """The address at which this machine reaches a service that listens there."""
    if host in ("0.0.0.0", "::", ""):
        host = DEFAULT_HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
