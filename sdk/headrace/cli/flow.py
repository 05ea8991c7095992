"""`headrace flow`: the flows that have run, or have deployments."""

from __future__ import annotations

import click

from headrace.cli.listing import some
from headrace.cli.looks import moment
from headrace.cli.output import json_option, show_list


@click.group()
def command() -> None:
    """Look at the flows that there are."""


@command.command("ls")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on where a shorter list has ended.")
@json_option
def list_flows(limit: int, after: str | None, as_json: bool) -> None:
    """List the flows by name."""
    from headrace.client import run_operations

    listed = some(lambda first, after: run_operations.flows(after, first), limit, after, "flows")
    show_list(
        listed,
        as_json,
        ("NAME", "ID", "CREATED"),
        lambda one: (one["name"], one["id"], moment(one["createdAt"])),
    )
