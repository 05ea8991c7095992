"""Settings, read from the environment once they are needed.

Every setting is an environment variable, `HEADRACE_` before its name in capitals. Names that
Prefect's users already set (`..._HOME`, `..._API_URL`, `..._LOGGING_LEVEL`) mean the same here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from headrace.exceptions import HomeUnusable, InvalidSetting

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Settings(msgspec.Struct, frozen=True):
    """What can be set. Times are in seconds."""

    #: Where the ledger file and the spool stand.
    home: Path
    #: The service to report to, such as `http://127.0.0.1:4200`; None records into the file
    #: `ledger.db` under `home`, with no service needed.
    api_url: str | None = None
    #: The least level of log lines, for the console and for the ledger.
    logging_level: str = "INFO"
    #: Whether log lines go to standard error.
    logging_to_console: bool = True
    #: Whether what `print` writes in flows and tasks is logged.
    logging_log_prints: bool = False
    #: How long a first contact with the service is tried before giving up.
    connect_timeout: float = 5.0
    #: How long the end of a flow waits, at most, for the service to acknowledge everything. After
    #: that, and at once when the service is away, what is not acknowledged is safe in the spool on
    #: disk and is sent later.
    settle_timeout: float = 15.0
    #: How many records may wait in memory before the caller is held up.
    recorder_buffer: int = 100_000
    #: How many threads `.submit` uses in one flow run when its task runner does not say.
    task_runner_max_workers: int = 32

    @property
    def ledger_path(self) -> Path:
        """The SQLite file that scripts, service and monitor share on this machine."""
        return self.home / "ledger.db"

    @property
    def spool_path(self) -> Path:
        """The folder that keeps records while the service is away."""
        return self.home / "spool"


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


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError("use a whole number, 1 or more")
    return count


def _level(text: str) -> str:
    level = text.strip().upper()
    if level not in LEVELS:
        raise ValueError(f"use one of {', '.join(LEVELS)}")
    return level


def _url(text: str) -> str:
    """The service's root address. Prefect's users end theirs in `/api`: both forms are taken."""
    url = text.strip().rstrip("/")
    if not url.startswith(("http://", "https://")) or len(url.split("://", 1)[1]) == 0:
        raise ValueError("use an address such as http://127.0.0.1:4200")
    return url.removesuffix("/graphql").removesuffix("/api").rstrip("/")


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("use a folder; '~' leads to no home folder") from None


_READERS: dict[str, Callable[[str], object]] = {
    "home": _folder,
    "api_url": _url,
    "logging_level": _level,
    "logging_to_console": _flag,
    "logging_log_prints": _flag,
    "connect_timeout": _seconds,
    "settle_timeout": _seconds,
    "recorder_buffer": _count,
    "task_runner_max_workers": _count,
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` makes; what it does not name has its default.

    Raises:
        InvalidSetting: a value cannot be used; the message names the variable and the mend.
    """
    values: dict[str, object] = {}
    for name, reader in _READERS.items():
        variable = f"HEADRACE_{name.upper()}"
        text = environment.get(variable, "")
        if not text.strip():
            if name != "home":
                continue
            text = "~/.headrace"
        try:
            values[name] = reader(text)
        except ValueError as error:
            raise InvalidSetting(f"{variable}={text!r} cannot be used: {error}") from None
    return msgspec.convert(values, Settings)


@functools.cache
def get_settings() -> Settings:
    """This process's settings. `get_settings.cache_clear()` makes the next call read anew."""
    return read_settings(os.environ)


def ensure_home(home: Path) -> Path:
    """Create the home folder if need be and make sure that it can be written.

    Raises:
        HomeUnusable: it cannot; the message says why.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HomeUnusable(
            f"cannot create {home}: {reason}; set HEADRACE_HOME to a folder you can write"
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise HomeUnusable(f"cannot write to {home}; set HEADRACE_HOME to a folder you can write")
    return home
