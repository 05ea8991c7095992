"""`headrace variable`: named JSON values that programs share."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec

from headrace.cli import completing
from headrace.cli.looks import moment, readable_json
from headrace.cli.output import (
    confirm,
    found,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_list,
)


@click.group()
def command() -> None:
    """Keep values that programs share: `headrace.variables.Variable` reads them."""


@command.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--overwrite", is_flag=True, help="Take the place of the value that it has.")
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may be repeated.")
def set_value(name: str, value: str, overwrite: bool, tags: tuple[str, ...]) -> None:
    """Give the variable NAME a VALUE: JSON where it is written as JSON, else text."""
    from headrace.client import saved

    perform(saved.set_variable(name, _value_of(value), tags, overwrite))
    show_line(f"Set variable {name!r}.")


@command.command()
@click.argument("name", shell_complete=completing.variables)
@json_option
def get(name: str, as_json: bool) -> None:
    """Print the value of the variable NAME, as JSON; with --json all that is known of it."""
    one = _known(name)
    if as_json:
        show_json(one)
    else:
        click.echo(json.dumps(one["value"]))


@command.command()
@click.argument("name", shell_complete=completing.variables)
@json_option
def inspect(name: str, as_json: bool) -> None:
    """Show all that is known of the variable NAME."""
    one = _known(name)
    if as_json:
        show_json(one)
    else:
        show_fields({**one, "value": readable_json(one["value"])})


@command.command("ls")
@json_option
def list_variables(as_json: bool) -> None:
    """List the variables by name."""
    from headrace.client import saved

    listed = perform_all(lambda after: saved.variables(after=after))
    show_list(
        listed,
        as_json,
        ("NAME", "VALUE", "TAGS", "UPDATED"),
        lambda one: (
            one["name"],
            readable_json(one["value"]),
            ", ".join(one["tags"]) or None,
            moment(one["updatedAt"]),
        ),
    )


@command.command()
@click.argument("name", shell_complete=completing.variables)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def unset(name: str, yes: bool) -> None:
    """Delete the variable NAME."""
    from headrace.client import saved

    confirm(f"variable {name!r}", yes)
    perform(saved.delete_variable(name))
    show_line(f"Unset variable {name!r}.")


command.add_command(unset, "delete")


def _known(name: str) -> dict[str, Any]:
    from headrace.client import saved

    return found(perform(saved.variable(name)), f"variable {name!r}")


def _value_of(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
