"""`headrace version`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import click

from headrace.records import WIRE_VERSION


@click.command()
def command() -> None:
    """Print the versions of headrace, of its wire and of Python."""
    try:
        installed = version("headrace")
    except PackageNotFoundError:
        installed = "0 (not installed)"
    click.echo(f"headrace {installed} (wire {WIRE_VERSION}, Python {platform.python_version()})")
