"""`headrace version`."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from headrace.records import WIRE_VERSION


@click.command()
def command() -> None:
    """Print the versions of headrace, of its wire and of Python, and the system."""
    try:
        installed = version("headrace")
    except PackageNotFoundError:
        installed = "0 (not installed)"
    told = {
        "Version": installed,
        "Wire version": WIRE_VERSION,
        "Python version": platform.python_version(),
        "OS/Arch": f"{sys.platform}/{platform.machine()}",
    }
    for name, value in told.items():
        click.echo(f"{name + ':':<22}{value}")
