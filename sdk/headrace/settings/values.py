"""What can be set, and the folder that the settings name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from headrace.exceptions import HomeUnusable
from headrace.records import read_at_once

#: What is shown in the place of a secret.
HIDDEN = "********"


class _Readable(type(msgspec.Struct)):  # type: ignore[misc]  # its name is not public
    """Lets `Settings()`, without a home, read what is not given."""

    def __call__(cls, *args: Any, **given: Any) -> Any:
        if args or "home" in given:
            return super().__call__(*args, **given)
        from headrace.settings.files import with_file
        from headrace.settings.reading import read_settings

        return msgspec.structs.replace(read_settings(with_file(os.environ)), **given)


class Settings(msgspec.Struct, frozen=True, metaclass=_Readable):
    """What can be set; `Settings()` is what the environment and the file say now.

    Times are in seconds.
    """

    #: Where the ledger file and the spool stand.
    home: Path
    #: The service to report to, such as `http://127.0.0.1:4200`, or the addresses of several on one
    #: ledger, with commas between; None records into the ledger itself, with no service needed.
    api_url: str | None = None
    #: Where the ledger is when there is no service, and where `headrace server start` keeps it: a
    #: file, or the address of a PostgreSQL database; None is `ledger.db` under `home`.
    database: str | None = None
    #: The token that the service is to know us by. Never shown: see `__repr__`.
    api_key: str | None = None
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
    tasks_default_retry_delay_seconds: int | float | list[float] = 0
    #: The same for flows.
    flows_default_retries: int = 0
    flows_default_retry_delay_seconds: int | float | list[float] = 0

    @property
    def storage_path(self) -> Path:
        """The folder of results that go nowhere else."""
        return self.results_local_storage_path or self.home / "storage"

    @property
    def service_url(self) -> str | None:
        """The service's root address, or addresses: without the endings that they may have."""
        return None if self.api_url is None else ",".join(map(root_of, self.api_url.split(",")))

    @property
    def ledger(self) -> Path | str:
        """What scripts, service and monitor share: a SQLite file, or the address of a database."""
        if self.database is None:
            return self.home / "ledger.db"
        return self.database if "://" in self.database else Path(self.database)

    @property
    def spool_path(self) -> Path:
        """The folder that keeps records while the service is away."""
        return self.home / "spool"

    def copy_with_update(
        self, updates: Any = None, set_defaults: Any = None, restore_defaults: Any = None
    ) -> Settings:
        """The same settings with other values for some; arguments as of `temporary_settings`."""
        from headrace.settings.temporary import changed

        return changed(self, updates, set_defaults, restore_defaults)

    def to_environment_variables(self, exclude_unset: bool = False) -> dict[str, str]:
        """The variables of an environment in which these settings hold, the token included.

        Args:
            exclude_unset: whether to leave out what has its default.
        """
        from headrace.settings.temporary import as_variables

        return as_variables(self, exclude_unset)

    def __repr__(self) -> str:
        """All settings, save what is secret."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        if shown["api_key"] is not None:
            shown["api_key"] = HIDDEN
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __getattr__(self, name: str) -> Any:
        """A group of settings by the beginning of their names: `settings.logging.level`."""
        return SettingsGroup(self, f"{name}_")


read_at_once(Settings)


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


def root_of(url: str) -> str:
    """A service's root address. Prefect's users end theirs in `/api`: both forms are taken."""
    url = url.strip().rstrip("/")
    return url.removesuffix("/graphql").removesuffix("/api").rstrip("/")


def ensure_home(home: Path) -> Path:
    """Create the home folder if need be and make sure that it can be written.

    Raises:
        HomeUnusable: it cannot; the message says why.
    """
    try:
        # For its owner alone: what is in it may be nobody else's business.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HomeUnusable(
            f"cannot create {home}: {reason}; set HEADRACE_HOME to a folder you can write"
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise HomeUnusable(f"cannot write to {home}; set HEADRACE_HOME to a folder you can write")
    return home


def ensure_ledger_folder(ledger: Path, home: Path) -> None:
    """See that the folder of a ledger's file is there; only the home folder is created for it.

    A mistyped path would else become a folder, and an empty ledger in it, without a word.

    Raises:
        HomeUnusable: it is not there, or cannot be used; the message says why.
    """
    if ledger.parent == home:
        ensure_home(home)
    elif not ledger.parent.is_dir():
        raise HomeUnusable(
            f"there is no folder {ledger.parent} for the ledger {ledger}; "
            "make it, or correct the path"
        )
