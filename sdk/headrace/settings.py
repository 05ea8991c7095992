"""Settings, read from the environment once they are needed.

Every setting is an environment variable, `HEADRACE_` before its name in capitals. Names that
Prefect's users already set (`..._HOME`, `..._API_URL`, `..._LOGGING_LEVEL`) mean the same here.

    >>> from headrace.settings import HEADRACE_LOGGING_LEVEL, temporary_settings
    >>> with temporary_settings({HEADRACE_LOGGING_LEVEL: "DEBUG"}) as settings:
    ...     settings.logging.level
    'DEBUG'
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec

from headrace.exceptions import HomeUnusable, InvalidSetting, tell_in_one_line

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
    #: Names of other loggers whose lines, in runs, are recorded too, such as "httpx,sqlalchemy".
    logging_extra_loggers: list[str] = []
    #: How long a first contact with the service is tried before giving up.
    connect_timeout: float = 5.0
    #: How long the end of a flow waits, at most, for the service to acknowledge everything. After
    #: that, and at once when the service is away, what is not acknowledged is safe in the spool on
    #: disk and is sent later.
    settle_timeout: float = 15.0
    #: How many records may wait in memory before the caller is held up.
    recorder_buffer: int = 100_000
    #: While runs of this process go on, it is told to the ledger that the process lives: after so
    #: much silence …
    process_heartbeat: float = 5.0
    #: … and who is not heard of for so long is taken for dead, and its runs for crashed.
    process_lease: float = 15.0
    #: How many threads `.submit` uses in one flow run when its task runner does not say.
    task_runner_max_workers: int = 32
    #: Whether results of flows and tasks that do not say so themselves are kept.
    results_persist_by_default: bool = False
    #: How results become bytes: "pickle", "json", "compressed/pickle", "compressed/json".
    results_default_serializer: str = "pickle"
    #: A saved block to keep results in, as `type/name`; None keeps them in a folder.
    results_default_storage_block: str | None = None
    #: That folder; None is `storage` under `home`.
    results_local_storage_path: Path | None = None
    #: Whether results of tasks that do not say so are kept; None does as their flow does.
    tasks_default_persist_result: bool | None = None
    #: Whether tasks that do not say so compute cached results anew.
    tasks_refresh_cache: bool = False
    #: Whether tasks without a cache policy have `NO_CACHE`.
    tasks_default_no_cache: bool = False
    #: Whether all tasks have `NO_CACHE`.
    tasks_disable_caching: bool = False

    #: How often tasks are tried again, and the seconds before, when their decorator does not say.
    tasks_default_retries: int = 0
    tasks_default_retry_delay_seconds: float | list[float] = 0
    #: The same for flows.
    flows_default_retries: int = 0
    flows_default_retry_delay_seconds: float | list[float] = 0

    @property
    def storage_path(self) -> Path:
        """The folder of results that go nowhere else."""
        return self.results_local_storage_path or self.home / "storage"

    @property
    def service_url(self) -> str | None:
        """The service's root address: `api_url` without the endings that it may have."""
        return None if self.api_url is None else root_of(self.api_url)

    @property
    def ledger_path(self) -> Path:
        """The SQLite file that scripts, service and monitor share on this machine."""
        return self.home / "ledger.db"

    @property
    def spool_path(self) -> Path:
        """The folder that keeps records while the service is away."""
        return self.home / "spool"

    def __getattr__(self, name: str) -> Any:
        """A group of settings by the beginning of their names: `settings.logging.level`."""
        return SettingsGroup(self, f"{name}_")


class SettingsGroup:
    """Those settings whose names begin alike."""

    def __init__(self, settings: Settings, prefix: str) -> None:
        if not any(name.startswith(prefix) for name in Settings.__struct_fields__):
            raise AttributeError(f"there is no setting '{prefix.rstrip('_')}'")
        self._settings = settings
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        whole = self._prefix + name
        if whole in Settings.__struct_fields__:
            return getattr(self._settings, whole)
        return SettingsGroup(self._settings, f"{whole}_")


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
        return _seconds(text)
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


def _url(text: str) -> str:
    url = text.strip()
    if not url.startswith(("http://", "https://")) or len(url.split("://", 1)[1]) == 0:
        raise ValueError("use an address such as http://127.0.0.1:4200")
    return url


def root_of(url: str) -> str:
    """A service's root address. Prefect's users end theirs in `/api`: both forms are taken."""
    url = url.strip().rstrip("/")
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

#: Other names that Prefect's users may know a setting by.
_ALIASES = {
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
    named = {name: f"HEADRACE_{name.upper()}" for name in _READERS}
    for alias, name in _ALIASES.items():
        other = f"HEADRACE_{alias.upper()}"
        if name in named and not environment.get(named[name], "").strip() and other in environment:
            named[name] = other
    for name, variable in named.items():
        text = environment.get(variable, "")
        if not text.strip():
            if name != "home":
                continue
            text = "~/.headrace"
        values[name] = _read(name, variable, text)
    return msgspec.convert(values, Settings)


def _read(name: str, variable: str, text: str) -> object:
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise InvalidSetting(f"{variable}={text!r} cannot be used: {error}") from None


class _CurrentSettings:
    """See `get_settings`, which is the one of them."""

    def __init__(self) -> None:
        self._process: Settings | None = None
        #: Stands in for the process's own, in all its threads, while `replace` is at work.
        self._substitute: Settings | None = None

    def __call__(self) -> Settings:
        """The settings that hold here: temporary ones, or those of the process's environment.

        Raises:
            InvalidSetting: a variable has an unusable value.
        """
        settings = _TEMPORARY.get() or self._substitute or self._process
        if settings is None:
            try:
                settings = self._process = read_settings(os.environ)
            except InvalidSetting:
                tell_in_one_line()
                raise
        return settings

    def cache_clear(self) -> None:
        """Let the next call read the environment anew."""
        self._process = None

    @contextlib.contextmanager
    def replace(self, settings: Settings) -> Iterator[Settings]:
        """Let `settings` hold within, in the whole process."""
        before, self._substitute = self._substitute, settings
        token = _TEMPORARY.set(None)
        try:
            yield settings
        finally:
            self._substitute = before
            # In a test's fixture the end may come in another context than the beginning.
            with contextlib.suppress(ValueError):
                _TEMPORARY.reset(token)


def temporary_settings_here() -> Settings | None:
    """The settings of `temporary_settings`, if this code runs within it."""
    return _TEMPORARY.get()


_TEMPORARY: ContextVar[Settings | None] = ContextVar("headrace_temporary_settings", default=None)

#: This process's settings; see `_CurrentSettings.__call__`.
get_settings = _CurrentSettings()

#: The name that Prefect's users know.
get_current_settings = get_settings


class Setting:
    """One setting, by the name of its variable: `HEADRACE_LOGGING_LEVEL.value()`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def field(self) -> str:
        """Its name among the fields of `Settings`."""
        field = self.name.removeprefix("HEADRACE_").lower()
        return _ALIASES.get(field, field)

    def value(self) -> Any:
        """What it is set to here."""
        return self.value_from(get_settings())

    def value_from(self, settings: Settings) -> Any:
        """What `settings` say of it."""
        return getattr(settings, self.field)

    def default(self) -> Any:
        """What it is when nobody sets it."""
        return getattr(read_settings({}), self.field)

    def __bool__(self) -> bool:
        return bool(self.value())

    def __str__(self) -> str:
        return str(self.value())

    def __repr__(self) -> str:
        return f"<{self.name}: {type(self.value()).__name__}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Setting):
            return self.name == other.name
        return bool(self.value() == other)

    def __hash__(self) -> int:
        return hash((Setting, self.name))


def __getattr__(name: str) -> Setting:
    """`HEADRACE_…` for every setting."""
    if name.startswith("HEADRACE_"):
        setting = Setting(name)
        if setting.field in _READERS:
            return setting
        raise AttributeError(f"{name} is no setting of headrace; see docs/settings.md")
    raise AttributeError(f"module 'headrace.settings' has no attribute {name!r}")


@contextlib.contextmanager
def temporary_settings(
    updates: Mapping[Setting | str, Any] | None = None,
    set_defaults: Mapping[Setting | str, Any] | None = None,
    restore_defaults: Iterable[Setting | str] | None = None,
) -> Iterator[Settings]:
    """Let other settings hold within, for this thread or coroutine and what it calls.

    Args:
        updates: new values, by setting or by name (`"logging.level"`); None restores the default.
        set_defaults: values for those that nobody has set.
        restore_defaults: settings to restore the defaults of.

    Raises:
        InvalidSetting: there is no such setting, or a value cannot be used.
    """
    base, default = get_settings(), read_settings({})
    values = {name: getattr(base, name) for name in Settings.__struct_fields__}
    for setting, value in (set_defaults or {}).items():
        name = _field_of(setting)
        if values[name] == getattr(default, name):
            values[name] = _checked(name, value)
    for setting in restore_defaults or ():
        values[_field_of(setting)] = getattr(default, _field_of(setting))
    for setting, value in (updates or {}).items():
        name = _field_of(setting)
        values[name] = getattr(default, name) if value is None else _checked(name, value)
    settings = msgspec.convert(values, Settings)
    token = _TEMPORARY.set(settings)
    try:
        yield settings
    finally:
        _TEMPORARY.reset(token)


def _field_of(setting: Setting | str) -> str:
    if isinstance(setting, Setting):
        return setting.field
    name = setting.lower().replace(".", "_").removeprefix("headrace_")
    name = _ALIASES.get(name, name)
    if name not in _READERS:
        raise InvalidSetting(f"'{setting}' is no setting of headrace; see docs/settings.md")
    return name


def _checked(name: str, value: object) -> object:
    """A value given by a program: of the right type already, or in the form of a variable."""
    if isinstance(value, str):
        return _read(name, f"HEADRACE_{name.upper()}", value)
    if isinstance(value, bool | int | float) and name != "home":
        return _read(name, f"HEADRACE_{name.upper()}", str(value))
    return value


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
