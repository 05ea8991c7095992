"""`headrace config`: the settings that hold here."""

from __future__ import annotations

import os
import re

import click
import msgspec

from headrace.cli.output import json_option, show_json, show_line
from headrace.settings import get_settings

#: Settings whose values are nobody's business.
_SECRET = ("api_key",)
_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")
HIDDEN = "********"


@click.group()
def command() -> None:
    """Show the settings."""


@command.command()
@json_option
def view(as_json: bool) -> None:
    """Show all settings, as the variables by which they are set; those that are set are marked."""
    settings = get_settings()
    builtins = msgspec.to_builtins(settings, enc_hook=str)
    values = {name: _shown(name, value) for name, value in builtins.items()}
    if as_json:
        show_json(values)
        return
    for name, value in values.items():
        variable = f"HEADRACE_{name.upper()}"
        mark = "  (from the environment)" if variable in os.environ else ""
        show_line(f"{variable}={'' if value is None else value}{mark}")


def _shown(name: str, value: object) -> object:
    """A value without what is nobody's business: a key, or the password within an address."""
    if name in _SECRET and value:
        return HIDDEN
    return _PASSWORD.sub(rf"\1{HIDDEN}@", value) if isinstance(value, str) else value
