"""`headrace config`: the settings that hold here, and where they come from."""

from __future__ import annotations

import os
import re

import click
import msgspec

from headrace.cli.ledger import service_settings, told_in_one_line
from headrace.cli.output import json_option, show_json, show_line
from headrace.settings import get_settings
from headrace.settings.files import settings_file, with_file
from headrace.settings.reading import ALIASES, SECRET

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")
HIDDEN = "********"


@click.group()
def command() -> None:
    """Show the settings."""


@command.command()
@click.option("--show-sources/--hide-sources", default=True, help="Tell where each comes from.")
@json_option
def view(show_sources: bool, as_json: bool) -> None:
    """Show all settings, the service's too, as the variables by which they are set."""
    with told_in_one_line():
        service = msgspec.to_builtins(service_settings())
    own = msgspec.to_builtins(get_settings(), enc_hook=str)
    found = {**own, **{f"server_{name}": value for name, value in service.items()}}
    values = {name: _shown(name, value) for name, value in found.items()}
    if as_json:
        show_json(values)
        return
    sources = _sources()
    for name, value in values.items():
        source = f"  (from {sources[name]})" if show_sources and name in sources else ""
        show_line(f"HEADRACE_{name.upper()}={'' if value is None else value}{source}")


def _sources() -> dict[str, str]:
    """Where settings come from that are not the defaults, by their names."""
    file = str(settings_file(os.environ))
    found = {}
    for variable, text in with_file(os.environ).items():
        if variable.startswith("HEADRACE_") and text.strip():
            name = variable.removeprefix("HEADRACE_").lower()
            given = os.environ.get(variable, "").strip()
            found[ALIASES.get(name, name)] = "the environment" if given else file
    return found


def _shown(name: str, value: object) -> object:
    """A value without what is nobody's business: a key, or the password within an address."""
    if name in SECRET and value:
        return HIDDEN
    return _PASSWORD.sub(rf"\1{HIDDEN}@", value) if isinstance(value, str) else value
