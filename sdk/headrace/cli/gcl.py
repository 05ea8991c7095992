"""`headrace gcl`: concurrency limits as Prefect's users of global limits spell them."""

from __future__ import annotations

import click

from headrace.cli import completing, limits
from headrace.cli.output import json_option, show_json

_DECAY = click.FloatRange(0)


@click.group()
def command() -> None:
    """Limit how much happens at once, or how often within a second."""


@command.command()
@click.argument("name")
@click.option("-l", "--limit", type=limits.SLOTS, required=True, help="How many slots it has.")
@click.option("--disable", is_flag=True, help="Make it without letting it limit anything yet.")
@click.option("--slot-decay-per-second", type=_DECAY, help="Slots that come back each second.")
@limits.total_option
@json_option
def create(
    name: str,
    limit: int,
    disable: bool,
    slot_decay_per_second: float | None,
    total: int | None,
    as_json: bool,
) -> None:
    """Make the limit NAME."""
    made = limits.create(name, limit, slot_decay_per_second, active=not disable, total=total)
    if as_json:
        show_json(made)
    else:
        click.echo(f"Created concurrency limit with name '{name}' and ID '{made['id']}'.")


@command.command()
@click.argument("name", shell_complete=completing.limits)
@click.option("-l", "--limit", type=limits.SLOTS, help="How many slots it has.")
@click.option("--enable/--disable", "active", default=None, help="Whether it limits.")
@click.option("--slot-decay-per-second", type=_DECAY, help="Slots that come back each second.")
@limits.total_option
@json_option
def update(
    name: str,
    limit: int | None,
    active: bool | None,
    slot_decay_per_second: float | None,
    total: int | None,
    as_json: bool,
) -> None:
    """Change the limit NAME."""
    if limit is active is slot_decay_per_second is total is None:
        raise click.UsageError("say what to change: --limit, --enable, --slot-decay-per-second …")
    changed = limits.update(name, limit, slot_decay_per_second, active, total)
    if as_json:
        show_json(changed)
    else:
        click.echo(f"Updated concurrency limit with name '{name}'.")


@command.command()
@click.argument("name", shell_complete=completing.limits)
def enable(name: str) -> None:
    """Let the limit NAME limit again."""
    limits.update(name, active=True)
    click.echo(f"Enabled concurrency limit with name '{name}'.")


@command.command()
@click.argument("name", shell_complete=completing.limits)
def disable(name: str) -> None:
    """Let everybody pass the limit NAME."""
    limits.update(name, active=False)
    click.echo(f"Disabled concurrency limit with name '{name}'.")


limits.add_common_commands(command)
