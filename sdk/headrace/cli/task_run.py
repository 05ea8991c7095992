"""`headrace task-run`: runs of tasks, also those that no flow called."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.finding import find_flow_run, is_id
from headrace.cli.listing import run_options, since_of, some, states_wanted, tell_of_nothing
from headrace.cli.logs import show_logs
from headrace.cli.looks import blockers_of, state_of
from headrace.cli.output import (
    fail,
    found,
    json_option,
    perform,
    show_json,
    show_line,
    show_list,
    show_run,
)


@click.group()
def command() -> None:
    """Look at task runs and read their logs; those in the background and on their own, too."""


@command.command("ls")
@run_options
@click.option("--since", help="Only those begun since then: a time, or how long ago, such as 2h.")
@click.option("--flow-run", help="Only those of this flow run, by its id or name, oldest first.")
@click.option("--task-name", help="Only runs of this task.")
@click.option("--task-run-name", "names", multiple=True, help="Only of this name; repeatable.")
@json_option
def list_runs(
    names: tuple[str, ...],
    task_name: str | None,
    flow_run: str | None,
    since: str | None,
    states: tuple[str, ...],
    types: tuple[str, ...],
    tags: tuple[str, ...],
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List task runs, the newest first."""
    from headrace.client import operations

    wanted: dict[str, Any] = {
        **states_wanted(states, types),
        "names": list(names) or None,
        "task_name": task_name,
        "tags": list(tags) or None,
        "started_after": since_of("--since", since),
        "flow_run_id": None if flow_run is None else find_flow_run(flow_run),
    }
    listed = some(
        lambda first, after: operations.task_runs(
            **wanted, with_blockers=True, first=first, after=after
        ),
        limit,
        after,
        "task runs",
    )
    if not listed:
        tell_of_nothing("task run", states)
    show_list(
        listed,
        as_json,
        ("ID", "TASK", "NAME", "STATE", "SINCE", "BLOCKED BY"),
        lambda one: (one["id"], one["taskName"], one["name"], *state_of(one), blockers_of(one)),
    )


@command.command()
@click.argument("run")
@json_option
def inspect(run: str, as_json: bool) -> None:
    """Show the task run of this id or name."""
    one = _find(run)
    if as_json:
        show_json(one)
    else:
        show_run(one)


@command.command()
@click.argument("run")
@json_option
def logs(run: str, as_json: bool) -> None:
    """Print what the task run of this id or name has logged, the oldest first."""
    one = _find(run)
    show_logs(f"Task run {one['name']!r}", {"task_run_id": one["id"]}, as_json)


def _find(wanted: str) -> dict[str, Any]:
    """The task run of this id, or the newest of this name, which is said if there are several."""
    from headrace.client import operations

    id = wanted
    if not is_id(wanted):
        page = perform(operations.task_runs(names=[wanted], first=2))["nodes"]
        if not page:
            fail(f"there is no task run {wanted!r}")
        id = page[0]["id"]
        if len(page) > 1:
            several = f"Several task runs are named {wanted!r}"
            show_line(f"{several}; this is the newest, {id}.", err=True)
    return found(perform(operations.task_run(id)), f"task run {wanted!r}")
