"""`headrace flow-run`: runs of flows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import completing, logs
from headrace.cli.finding import find_flow_run, find_one_flow_run
from headrace.cli.listing import run_options, since_of, some, states_wanted, tell_of_nothing
from headrace.cli.looks import blockers_of, state_of
from headrace.cli.output import (
    confirm,
    fail,
    found,
    json_object,
    json_option,
    perform,
    show_json,
    show_line,
    show_list,
    show_run,
)
from headrace.records import StateType

if TYPE_CHECKING:
    from headrace.exceptions import ServiceError


@click.group()
def command() -> None:
    """Look at flow runs, read their logs, cancel, suspend and resume them."""


@command.command("ls")
@run_options
@click.option("--since", help="Only those due since then: a time, or how long ago, such as 2h.")
@click.option(
    "--deployment",
    help="Only those of this deployment, by its id or flow/name.",
    shell_complete=completing.deployments,
)
@click.option("--flow-name", "flow_names", multiple=True, help="Only of this flow; repeatable.")
@json_option
def list_runs(
    flow_names: tuple[str, ...],
    deployment: str | None,
    since: str | None,
    states: tuple[str, ...],
    types: tuple[str, ...],
    tags: tuple[str, ...],
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List flow runs, the newest first."""
    from headrace.client import operations

    wanted: dict[str, Any] = {
        **states_wanted(states, types),
        "flow_names": list(flow_names) or None,
        "tags": list(tags) or None,
        "due_after": since_of("--since", since),
        "deployment_id": None if deployment is None else _deployment_id(deployment),
    }
    listed = some(
        lambda first, after: operations.flow_runs(**wanted, first=first, after=after),
        limit,
        after,
        "flow runs",
    )
    if not listed:
        tell_of_nothing("flow run", states)
    show_list(
        listed,
        as_json,
        ("ID", "FLOW", "NAME", "STATE", "SINCE", "BLOCKED BY"),
        lambda one: (one["id"], one["flowName"], one["name"], *state_of(one), blockers_of(one)),
    )


def _deployment_id(which: str) -> str:
    from headrace.client import work

    return str(found(perform(work.deployment(which)), f"deployment {which!r}")["id"])


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@json_option
def inspect(run: str, as_json: bool) -> None:
    """Show the flow run of this id or name."""
    from headrace.client import operations

    one = found(perform(operations.flow_run(find_flow_run(run))), f"flow run {run!r}")
    if as_json:
        show_json(one)
        return
    show_run(one)
    if one["state"]["type"] == "PAUSED" and (wanted := _wanted_input(one["id"])):
        click.echo()
        show_line(wanted)


command.add_command(logs.command)


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@json_option
def cancel(run: str, as_json: bool) -> None:
    """Ask for the flow run of this id or name to be cancelled. Exit code 1 if it has ended."""
    from headrace.client import operations, work

    id = find_one_flow_run(run)
    before = found(perform(operations.flow_run(id)), f"flow run {run!r}")
    if StateType(before["state"]["type"]).is_terminal:
        fail(f"flow run {before['name']!r} has ended already: it is {before['state']['name']}")
    _show_change(perform(work.cancel_flow_run(id)), as_json)


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    help="Seconds after which it fails if nobody has resumed it; without it, never.",
)
@json_option
def suspend(run: str, timeout: float | None, as_json: bool) -> None:
    """Let a deployment's run of this id or name wait, without a process, until it is resumed.

    A run that is under way is taken from its process, and begins anew when it is resumed.
    """
    from headrace.client import work

    _show_change(perform(work.suspend_flow_run(find_one_flow_run(run), timeout)), as_json)


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@click.option("--input", "given", help="What the run waits for, as a JSON object.")
@json_option
def resume(run: str, given: str | None, as_json: bool) -> None:
    """Let the paused or suspended flow run of this id or name go on."""
    from headrace.client import operations

    values = None if given is None else json_object("--input", given)
    id = find_one_flow_run(run)

    def tell(error: ServiceError) -> str:
        wanted = _wanted_input(id) if (error.field or "").startswith("input") else None
        return "; ".join([str(error), *([wanted] if wanted else [])])

    _show_change(perform(operations.resume_flow_run(id, values), tell), as_json)


def _wanted_input(id: str) -> str | None:
    """What a paused run has to be given, and how; None if it waits for nothing."""
    from headrace.client import operations

    said = perform(operations.flow_run_input(id, "pause"))
    form = said and said["value"].get("schema")
    if not form:
        return None
    fields, required = form.get("properties", {}), form.get("required", [])
    kinds = [
        f"{name} ({each.get('type', 'any')}{'' if name in required else ', may be left out'})"
        for name, each in fields.items()
    ]
    example = ", ".join(f"{json.dumps(name)}: …" for name in required or fields)
    return f"it waits for the input {', '.join(kinds)}: resume it with --input '{{{example}}}'"


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@json_option
def retry(run: str, as_json: bool) -> None:
    """Let a deployment's run of this id or name that has not ended well be executed once more."""
    from headrace.client import work

    _show_change(perform(work.retry_flow_run(find_one_flow_run(run))), as_json)


def _show_change(one: dict[str, Any], as_json: bool) -> None:
    """Tell what has become of a run that somebody has steered."""
    if as_json:
        show_json(one)
    else:
        show_line(f"Flow run {one['name']!r} is in state {one['state']['name']}.")


@command.command()
@click.argument("run", required=False, shell_complete=completing.flow_runs)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.pass_context
def watch(context: click.Context, run: str | None, as_json: bool) -> None:
    """Follow RUN until it is over, as `headrace watch` does, with its exit codes."""
    from headrace.cli import watch as watching

    context.invoke(watching.command, run=run, latest=False, url=None, as_json=as_json)


@command.command()
@click.argument("run", shell_complete=completing.flow_runs)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(run: str, yes: bool) -> None:
    """Delete a flow run, by its id or name, with all that it recorded.

    One that a process is at work on is refused: cancel it first.
    """
    from headrace.client import work

    id = find_one_flow_run(run)
    confirm(f"flow run {id}", yes)
    perform(work.delete_flow_run(id))
    click.echo(f"Deleted flow run {id}.", err=True)
