"""`headrace token`: the tokens by which a service knows who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from headrace.cli.looks import shown
from headrace.cli.output import json_option, perform, show_json, show_line, show_table


@click.group()
def command() -> None:
    """Make, list and revoke API tokens.

    Once there is one, a service answers only who presents one: set HEADRACE_API_TOKEN.
    """


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "run", "admin"]),
    required=True,
    help="What it allows: to look; to record, create and execute runs; everything.",
)
@click.option("--expires-in-days", type=click.FloatRange(0, 36_500, min_open=True), metavar="DAYS")
@json_option
def create(name: str, scope: str, expires_in_days: float | None, as_json: bool) -> None:
    """Make a token and print it, this once: it is kept nowhere. NAME says who is to use it."""
    from headrace.client import tokens

    expires_at = None
    if expires_in_days is not None:
        expires_at = (datetime.now(UTC) + timedelta(days=expires_in_days)).isoformat()
    # Asked before: once there is one, whoever has none is told no more.
    is_first = not perform(tokens.tokens())
    made = perform(tokens.create_token(name, scope.upper(), expires_at))
    if as_json:
        show_json({"secret": made["secret"], **made["token"]})
        return
    if is_first:
        show_line(
            "It is the first: from now on whoever asks a service on this ledger needs a token, "
            "workers and scripts that run already, too: set HEADRACE_API_TOKEN for them, and start "
            "them anew.",
            err=True,
        )
    show_line(f"Made token {name!r}; it is shown this once. Set HEADRACE_API_TOKEN to:", err=True)
    show_line(made["secret"])


@command.command("ls")
@click.option("--all", "with_revoked", is_flag=True, help="Also those that were revoked.")
@json_option
def list_tokens(with_revoked: bool, as_json: bool) -> None:
    """List the tokens, newest first."""
    from headrace.client import tokens

    listed = perform(tokens.tokens(with_revoked))
    if as_json:
        show_json(listed)
        return
    columns = ("NAME", "BEGINS", "SCOPE", "EXPIRES", "LAST USED", "REVOKED")
    keys = ("name", "prefix", "scope", "expiresAt", "lastUsedAt", "revokedAt")
    show_table(columns, [[shown(key, one[key]) for key in keys] for one in listed])


command.add_command(list_tokens, "list")


@command.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Let the token NAME count no more."""
    from headrace.client import tokens

    perform(tokens.revoke_token(name))
    show_line(f"Revoked token {name!r}.")
