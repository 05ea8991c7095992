"""`headrace concurrency-limit`: limits on how much happens at once."""

from __future__ import annotations

import click

from headrace.cli import completing, limits
from headrace.cli.output import json_option, show_json


@click.group()
def command() -> None:
    """Limit how many tasks with a tag, or blocks of code, run at once."""


@command.command(cls=limits.TakesSlots)
@click.argument("name")
@click.argument("limit", type=limits.SLOTS)
@limits.total_option
@json_option
def create(name: str, limit: int, total: int | None, as_json: bool) -> None:
    """Make the limit NAME of LIMIT slots.

    Blocks `with concurrency(NAME)` and tasks with the tag NAME take its slots from now on.
    """
    made = limits.create(name, limit, total=total)
    if as_json:
        show_json(made)
        return
    # Standard output is for `--json`: a script that creates a limit has nothing else to read.
    click.echo(f"Created the concurrency limit '{name}', of {limit}.", err=True)


@command.command(cls=limits.TakesSlots)
@click.argument("name", shell_complete=completing.limits)
@click.argument("limit", type=limits.SLOTS)
@limits.total_option
@json_option
def update(name: str, limit: int, total: int | None, as_json: bool) -> None:
    """Give the limit NAME as many slots as LIMIT says."""
    changed = limits.update(name, limit, total=total)
    if as_json:
        show_json(changed)
    else:
        click.echo(f"Updated concurrency limit {name!r}: {limit} slots.")


limits.add_common_commands(command)
