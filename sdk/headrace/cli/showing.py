"""How a run is shown to people, of a flow or of a task."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.looks import moment
from headrace.cli.output import show_fields, show_table


def blockers_of(run: dict[str, Any]) -> str | None:
    """What kinds of things hold a run back, such as `no worker`; None if nothing does."""
    return ", ".join(_kind(blocker) for blocker in run["blockedBy"]) or None


def show_run(run: dict[str, Any]) -> None:
    """Print a run with what holds it back, and the states that it has been in."""
    fields = {name: run[name] for name in run if name not in ("stateHistory", "blockedBy")}
    took = fields.pop("durationSeconds")
    fields["duration"] = None if took is None else _length(took)
    if "inputs" in fields:
        told = [f"{each['parameter']} of task run {each['runId']}" for each in fields["inputs"]]
        fields["inputs"] = told
    show_fields(fields)
    if run["blockedBy"]:
        click.echo("\nBlocked by")
        holders = [
            (_kind(each), each["message"], ", ".join(one["name"] for one in each["heldBy"]) or None)
            for each in run["blockedBy"]
        ]
        show_table(("REASON", "MESSAGE", "HELD BY"), holders)
    click.echo("\nStates")
    rows = [
        (moment(state["timestamp"]), state["name"], state["message"])
        for state in run["stateHistory"]
    ]
    show_table(("SINCE", "STATE", "MESSAGE"), rows)


def _kind(blocker: dict[str, Any]) -> str:
    return str(blocker["reason"]).lower().replace("_", " ")


def _length(seconds: float) -> str:
    from headrace_tui.format import duration

    return duration(round(seconds * 1_000_000))
