"""Where the ledger is that a command is about, and what goes wrong with it, in one line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.output import show_line
from headrace.exceptions import InvalidSetting, SetupError
from headrace.settings import ensure_ledger_folder, get_settings, read_settings
from headrace.settings.files import settings_file, with_file
from headrace.settings.misspelt import misspelt, tell_of_misspelt

if TYPE_CHECKING:
    from headrace_service.settings import ServiceSettings

database_option = click.option(
    "--database",
    metavar="FILE|URL",
    help="The ledger: a SQLite file, or postgresql://user@host/database.  [~/.headrace/ledger.db]",
)


def ledger_at(database: str | None, *, makes: bool = False) -> Path | str:
    """The address of a database, or the ledger's file, in a folder that exists.

    Args:
        database: what the option says; None is what the settings say.
        makes: whether the command makes a ledger where there is none, which is told.
    """
    settings = get_settings()
    if database is None:
        ledger = settings.ledger
    else:
        try:
            ledger = read_settings({"HEADRACE_DATABASE": database}).ledger
        except InvalidSetting as error:
            raise InvalidSetting(str(error).replace("HEADRACE_DATABASE=", "--database ")) from None
    if isinstance(ledger, str):
        return ledger
    ensure_ledger_folder(ledger, settings.home)
    if makes and not ledger.exists():
        show_line(f"New ledger at {ledger}", err=True)
    return ledger


def service_settings(flags: Mapping[str, str | None] | None = None) -> ServiceSettings:
    """The service's settings: by flag, environment and file.

    Raises:
        InvalidSetting: the file sets what there is not.
        InvalidServiceSetting: a value cannot be used.
    """
    from headrace_service.settings import ALIASES, PREFIX, SETTINGS, read_service_settings

    variables = with_file(os.environ)
    known = {setting.variable for setting in SETTINGS}
    for name in variables:
        # The environment may have been made for other programs, too; the file is ours.
        if name.startswith(PREFIX) and name not in known and name not in os.environ:
            file = settings_file(os.environ)
            raise InvalidSetting(f"{file}: there is no setting {name}; see docs/settings.md")
    names = [*(setting.name for setting in SETTINGS), *ALIASES.values()]
    tell_of_misspelt(misspelt(os.environ, names, PREFIX))
    return read_service_settings(variables, flags)


def usual_url() -> str:
    """Where the service of this machine listens, unless a flag tells it otherwise."""
    from headrace_service.settings import url_at

    with told_in_one_line():
        settings = service_settings()
    return url_at(settings.host, settings.port)


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
