"""Where the ledger is that a command is about, and what goes wrong with it, in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from headrace.exceptions import HomeUnusable, InvalidSetting, SetupError
from headrace.settings import ensure_home, get_settings, read_settings

database_option = click.option(
    "--database",
    metavar="FILE|URL",
    help="The ledger: a SQLite file, or postgresql://user@host/database.  [~/.headrace/ledger.db]",
)


def ledger_at(database: str | None) -> Path | str:
    """The address of a database, or the ledger's file, in a folder that exists.

    Args:
        database: what the option says; None is what the settings say.
    """
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
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HomeUnusable(f"cannot create {ledger.parent}: {reason}") from None
    return ledger


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """Let what is wrong with a ledger or a setting end the command with one line."""
    from headrace_service.ledger.errors import LedgerError
    from headrace_service.settings import InvalidServiceSetting

    try:
        yield
    except InvalidServiceSetting as error:
        raise InvalidSetting(str(error)) from None
    except LedgerError as error:
        raise SetupError(str(error)) from None
