"""`headrace server`: the service as a process."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import click

from headrace.cli import database as database_commands
from headrace.cli import retention, status
from headrace.cli.ledger import database_option, ledger_at, service_settings, told_in_one_line
from headrace.exceptions import PortInUse, SetupError
from headrace_service.settings import SETTINGS


def settings_options(function: Callable[..., None]) -> Callable[..., None]:
    """A flag for each of the service's settings."""
    for setting in reversed(SETTINGS):
        meaning = setting.meaning[0].upper() + setting.meaning[1:]
        option = click.option(setting.flag, setting.name, help=f"{meaning}.  [{setting.default}]")
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Run the service, and look after its ledger."""


@command.command()
@database_option
@settings_options
def start(database: str | None, **flags: str | None) -> None:
    """Serve GraphQL over the ledger, until Ctrl-C."""
    gc.disable()  # a tenth of the start; next to nothing of what is loaded is garbage
    try:
        _serve(database, flags)
    finally:
        gc.enable()


def _serve(database: str | None, flags: dict[str, str | None]) -> None:
    from headrace_service.ledger.database import without_password
    from headrace_service.logs import set_up_logging
    from headrace_service.server import AddressInUse, CannotListen, serve

    ledger = ledger_at(database)
    kind = "new ledger" if isinstance(ledger, Path) and not ledger.exists() else "ledger"
    try:
        with told_in_one_line():
            settings = service_settings(flags)
            set_up_logging(settings.log_level, settings.log_format)
            serve(
                ledger,
                settings,
                on_ready=lambda url: click.echo(
                    f"headrace service listening at {url} (GraphiQL at /graphql, "
                    f"{kind} {without_password(ledger)})"
                ),
            )
    except AddressInUse as error:
        raise PortInUse(str(error)) from None
    except CannotListen as error:
        raise SetupError(str(error)) from None


command.add_command(database_commands.command)
command.add_command(status.command)
command.add_command(retention.command)
