"""`headrace server`: the service as a process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from headrace.exceptions import HomeUnusable, InvalidSetting, PortInUse, SetupError
from headrace.settings import ensure_home, get_settings, read_settings
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
    metavar="FILE|URL",
    help="The ledger: a SQLite file, or postgresql://user@host/database.  [~/.headrace/ledger.db]",
)
@settings_options
def start(database: str | None, **flags: str | None) -> None:
    """Serve GraphQL over the ledger, until Ctrl-C."""
    from headrace_service.ledger import LedgerError
    from headrace_service.ledger.database import without_password
    from headrace_service.logs import set_up_logging
    from headrace_service.server import AddressInUse, CannotListen, serve

    ledger = _ledger(database)
    try:
        settings = read_service_settings(os.environ, flags)
        set_up_logging(settings.log_level, settings.log_format)
        serve(
            ledger,
            settings,
            on_ready=lambda url: click.echo(
                f"headrace service listening at {url} (GraphiQL at /graphql, "
                f"ledger {without_password(ledger)})"
            ),
        )
    except InvalidServiceSetting as error:
        raise InvalidSetting(str(error)) from None
    except AddressInUse as error:
        raise PortInUse(str(error)) from None
    except (CannotListen, LedgerError) as error:
        raise SetupError(str(error)) from None


def _ledger(database: str | None) -> Path | str:
    """The address of a database, or the ledger's file, in a folder that exists."""
    if database is None:
        settings = get_settings()
        if settings.database is None:
            ensure_home(settings.home)
        ledger = settings.ledger
    else:
        try:
            ledger = read_settings({"HEADRACE_DATABASE": database}).ledger
        except InvalidSetting as error:
            raise InvalidSetting(str(error).replace("HEADRACE_DATABASE=", "--database ")) from None
    if isinstance(ledger, str):
        return ledger
    path = ledger
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HomeUnusable(f"cannot create {path.parent}: {reason}") from None
    return path
