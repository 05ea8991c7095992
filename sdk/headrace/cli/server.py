"""`headrace server`: the service as a process."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from headrace.exceptions import HomeUnusable, InvalidSetting, PortInUse, SetupError
from headrace.settings import ensure_home, get_settings


@click.group()
def command() -> None:
    """Run the service."""


@command.command()
@click.option("--host", help="The address to listen on; 0.0.0.0 is every one.  [127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="The port; 0 takes a free one.  [4200]"
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The ledger's SQLite file.  [~/.headrace/ledger.db]",
)
def start(host: str | None, port: int | None, database: Path | None) -> None:
    """Serve GraphQL over the ledger, until Ctrl-C."""
    from headrace_service.ledger import LedgerError
    from headrace_service.server import AddressInUse, CannotListen, serve
    from headrace_service.settings import InvalidServiceSetting, read_service_settings

    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s | %(levelname)-7s | %(name)s - %(message)s"
    )
    ledger = _ledger_path(database)
    try:
        settings = read_service_settings(os.environ)
        serve(
            ledger,
            settings.host if host is None else host,
            settings.port if port is None else port,
            synchronous=settings.synchronous,
            statement_timeout=settings.statement_timeout,
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
