"""What `deploy` prints: which deployments are known now, and how their runs are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table


class Outcome(NamedTuple):
    """What became of a deployment, by its full name; `error` says why it is not known."""

    deployment: str
    error: str | None = None


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print a table of what became of deployments."""
    console = Console()
    if any(outcome.error is not None for outcome in outcomes):
        failed = "\nEncountered errors while creating/updating deployments:\n"
        console.print(failed, style="orange_red1")
    else:
        console.print("\nSuccessfully created/updated all deployments!\n", style="green")
    table = Table(title="Deployments", show_lines=True)
    table.add_column("Name", style="blue", no_wrap=True)
    table.add_column("Status", style="blue", no_wrap=True)
    table.add_column("Details", style="blue")
    for name, error in outcomes:
        if error is None:
            table.add_row(escape(name), "applied")
        else:
            table.add_row(escape(name), "failed", escape(error), style="red")
    console.print(table)


def print_next_steps(deployment: str, pool: str, has_workers: bool) -> None:
    """Print how runs of a deployment are asked for, and executed if nobody does so yet."""
    console = Console()
    if not has_workers:
        _print_start(console, "this deployment", pool)
        console.print(f"\n\t$ headrace worker start --pool {pool!r}", style="blue", markup=False)
    console.print("\nTo schedule a run for this deployment, use the following command:")
    console.print(f"\n\t$ headrace deployment run '{deployment}'\n", style="blue", markup=False)


def print_next_steps_of_many(pool: str, has_workers: bool) -> None:
    """The same for several deployments."""
    console = Console()
    if not has_workers:
        _print_start(console, "these deployments", pool)
        console.print(f"\t$ headrace worker start --pool {pool!r}", style="blue", markup=False)
    console.print("\nTo trigger any of these deployments, use the following command:")
    console.print("\n\t$ headrace deployment run [DEPLOYMENT_NAME]\n", style="blue", markup=False)


def _print_start(console: Console, what: str, pool: str) -> None:
    console.print(
        f"\nTo execute flow runs from {what}, start a worker in a separate terminal that pulls "
        f"work from the {pool!r} work pool:",
        markup=False,
    )
