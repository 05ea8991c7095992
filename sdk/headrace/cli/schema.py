"""`headrace schema`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the GraphQL schema, sorted: the service's public contract."""
    from headrace_service.api.schema import print_schema

    click.echo(print_schema(), nl=False)
