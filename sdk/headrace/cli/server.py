"""`headrace server`: the service as a process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from headrace.exceptions import HomeUnusable, InvalidSetting, PortInUse, SetupError
from headrace.settings import ensure_home, get_settings
from headrace_service.settings import SETTINGS, InvalidServiceSetting, read_service_settings


def settings_options(function: Callable[..., None]) -> Callable[..., None]:
    """A flag for each of the service's settings."""
    for setting in reversed(SETTINGS):
        meaning = setting.meaning[0].upper() + setting.meaning[1:]
        option = click.option(setting.flag, setting.name, help=f"{meaning}.  [{setting.default}]")
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Run the service."""


@command.command()
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The ledger's SQLite file.  [~/.headrace/ledger.db]",
)
@settings_options
def start(database: Path | None, **flags: str | None) -> None:
    """Serve GraphQL over the ledger, until Ctrl-C."""
    from headrace_service.ledger import LedgerError
    from headrace_service.logs import set_up_logging
    from headrace_service.server import AddressInUse, CannotListen, serve

    ledger = _ledger_path(database)
    try:
        settings = read_service_settings(os.environ, flags)
        set_up_logging(settings.log_level, settings.log_format)
        serve(
            ledger,
            settings,
            on_ready=lambda url: click.echo(
                f"headrace service listening at {url} (GraphiQL at /graphql, ledger {ledger})"
            ),
        )
    except InvalidServiceSetting as error:
        raise InvalidSetting(str(error)) from None
    except AddressInUse as error:
        raise PortInUse(str(error)) from None
    except (CannotListen, LedgerError) as error:
        raise SetupError(str(error)) from None


def _ledger_path(database: Path | None) -> Path:
    """The ledger's file, in a folder that exists and can be written."""
    if database is None:
        settings = get_settings()
        ensure_home(settings.home)
        return settings.ledger_path
    path = database.expanduser().absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HomeUnusable(f"cannot create {path.parent}: {reason}") from None
    return path
