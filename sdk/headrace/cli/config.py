"""`headrace config`: the settings that hold here, where they come from, and those of the file."""

from __future__ import annotations

import os
import re

import click
import msgspec

from headrace.cli.ledger import service_settings, told_in_one_line
from headrace.cli.output import confirm, fail, json_option, show_json, show_line
from headrace.settings import get_settings
from headrace.settings.editing import edit
from headrace.settings.files import name_of, settings_file, with_file
from headrace.settings.reading import ALIASES, READERS, SECRET, read_one

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")
HIDDEN = "********"


@click.group()
def command() -> None:
    """Show the settings, and change those of the file."""


@command.command()
@click.option("--show-sources/--hide-sources", default=True, help="Tell where each comes from.")
@json_option
def view(show_sources: bool, as_json: bool) -> None:
    """Show all settings, the service's too, as the variables by which they are set."""
    values = _values()
    if as_json:
        show_json(values)
        return
    sources = _sources()
    for name, value in values.items():
        text = "" if value is None else _text(value)
        source = f"from {sources.get(name, 'defaults')}" if text else "not set"
        told = f" ({source})" if show_sources else ""
        show_line(f"HEADRACE_{name.upper()}={text!r}{told}")


@command.command("get")
@click.argument("setting")
def get(setting: str) -> None:
    """Print the value that holds here of SETTING, such as HEADRACE_API_URL."""
    name = _name(setting)
    value = _values()[name]
    show_line("" if value is None else _text(value))


@command.command("set")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
def set_(settings: tuple[str, ...]) -> None:
    """Set settings in the file, such as HEADRACE_LOGGING_LEVEL=DEBUG."""
    path = settings_file(os.environ)
    for text in settings:
        setting, equals, value = text.partition("=")
        if not equals:
            fail(f"Failed to parse argument {text!r}. Use the format 'VAR=VAL'.")
        name = _name(setting)
        variable = f"HEADRACE_{name.upper()}"
        _check(name, variable, value)
        edit(path, name, value)
        show_line(f"Set {variable!r} to {_shown(name, value)!r}.")
        if os.environ.get(variable, "").strip():
            show_line(f"The environment sets {variable}, too, and counts for more.", err=True)
    show_line(f"Updated {path}.")


@command.command()
@click.argument("settings", nargs=-1, required=True, metavar="KEY...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def unset(settings: tuple[str, ...], yes: bool) -> None:
    """Take settings out of the file."""
    path = settings_file(os.environ)
    for setting in settings:
        name = _name(setting)
        variable = f"HEADRACE_{name.upper()}"
        if variable not in with_file({"HEADRACE_HOME": str(path.parent)}):
            fail(f"{variable!r} is not set in {path}.")
        confirm(variable, yes)
        edit(path, name, None)
        show_line(f"Unset {variable!r}.")
    show_line(f"Updated {path}.")


def _values() -> dict[str, object]:
    """All settings by their names, with the values that hold here."""
    with told_in_one_line():
        service = msgspec.to_builtins(service_settings())
    settings = get_settings()
    own = msgspec.to_builtins(settings, enc_hook=str)
    own |= {
        "database": str(settings.ledger),
        "results_local_storage_path": str(settings.storage_path),
    }
    found = {**own, **{f"server_{name}": value for name, value in service.items()}}
    return {name: _shown(name, value) for name, value in found.items()}


def _name(setting: str) -> str:
    """A setting's name, called as its variable or as in the file."""
    name = name_of(setting.strip().removeprefix("HEADRACE_"))
    if name not in _values():
        fail(f"Unknown setting name {setting!r}.")
    return name


def _check(name: str, variable: str, value: str) -> None:
    """Refuse what cannot be set, in one line."""
    if name == "home":
        fail("HEADRACE_HOME says where the file is: set it in the environment")
    if not value.strip():
        fail(f"{variable} has no value; `headrace config unset {variable}` takes it away")
    if name in READERS:
        read_one(name, variable, value)
        return
    from headrace_service.settings import read_service_settings

    with told_in_one_line():
        read_service_settings({variable: value})


def _sources() -> dict[str, str]:
    """Where settings come from that are not the defaults, by their names."""
    file = str(settings_file(os.environ))
    found = {}
    for variable, text in with_file(os.environ).items():
        if variable.startswith("HEADRACE_") and text.strip():
            name = variable.removeprefix("HEADRACE_").lower()
            given = os.environ.get(variable, "").strip()
            found[ALIASES.get(name, name)] = "env" if given else file
    return found


def _text(value: object) -> str:
    """A value as its variable would be given it."""
    match value:
        case bool():
            return str(int(value))
        case float():
            return f"{value:g}"
        case [*items] if all(isinstance(item, str) for item in items):
            return ",".join(map(str, items))
    return str(value)


def _shown(name: str, value: object) -> object:
    """A value without what is nobody's business: a key, or the password within an address."""
    if name in SECRET and value:
        return HIDDEN
    return _PASSWORD.sub(rf"\1{HIDDEN}@", value) if isinstance(value, str) else value
