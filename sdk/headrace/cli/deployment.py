"""`headrace deployment`: flows that run by a schedule, when asked to, and elsewhere."""

from __future__ import annotations

import datetime
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import completing
from headrace.cli.listing import moment_of
from headrace.cli.looks import moment
from headrace.cli.output import (
    confirm,
    fail,
    found,
    json_object,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_list,
    show_table,
)
from headrace.cli.schedule import in_words

if TYPE_CHECKING:
    from headrace.exceptions import ServiceError

#: The job variables that a worker heeds.
_KNOWN_VARIABLES = ("env",)


@click.group()
def command() -> None:
    """Look at deployments, run them, let their schedules rest."""


@command.command("ls")
@click.option("--flow-name", help="Only those of this flow.")
@json_option
def list_deployments(flow_name: str | None, as_json: bool) -> None:
    """List the deployments."""
    from headrace.client import work

    listed = perform_all(lambda after: work.deployments(flow_name=flow_name, after=after))
    show_list(
        listed,
        as_json,
        ("NAME", "POOL", "SCHEDULES", "PAUSED"),
        lambda one: (
            one["fullName"],
            one["workPoolName"],
            "; ".join(map(in_words, one["schedules"])) or None,
            one["paused"],
        ),
    )


@command.command()
@click.argument("name", shell_complete=completing.deployments)
@json_option
def inspect(name: str, as_json: bool) -> None:
    """Show a deployment, by its id or by flow/name."""
    from headrace.client import work

    one = found(perform(work.deployment(name)), f"deployment {name!r}")
    if as_json:
        show_json(one)
        return
    schedules = one.pop("schedules")
    show_fields(one)
    click.echo("\nSchedules")
    rows = [(in_words(each), each["active"], moment(each["nextFire"])) for each in schedules]
    show_table(("WHEN", "ACTIVE", "NEXT"), rows)


@command.command()
@click.argument("name", shell_complete=completing.deployments)
@click.option("-p", "--param", "params", multiple=True, help="An argument: NAME=VALUE, as JSON.")
@click.option("--params", "all_params", help="All arguments, as a JSON object.")
@click.option("--start-in", help="When it is to start: seconds from now.")
@click.option("--start-at", help="When it is to start: a time such as 2026-05-01T08:00Z.")
@click.option("--tag", "tags", multiple=True, help="A tag of the run.")
@click.option("-jv", "--job-variable", "variables", multiple=True, help="NAME=VALUE, as JSON.")
@click.option("--flow-run-name", help="The run's name.")
@click.option("--idempotency-key", help="The same key makes the same run.")
@click.option("--priority", type=int, help="Seconds by which it goes before what was due earlier.")
@click.option("--watch", is_flag=True, help="Wait for the run's end; fail unless it completed.")
@json_option
def run(
    name: str,
    params: tuple[str, ...],
    all_params: str | None,
    start_in: str | None,
    start_at: str | None,
    tags: tuple[str, ...],
    variables: tuple[str, ...],
    flow_run_name: str | None,
    idempotency_key: str | None,
    priority: int | None,
    watch: bool,
    as_json: bool,
) -> None:
    """Ask for a run of a deployment, by its id or by flow/name."""
    from headrace.client import work
    from headrace.names import generate_name

    given = {} if all_params is None else json_object("--params", all_params)
    parameters, run_name = given | _pairs(params), flow_run_name or generate_name()
    created = perform(
        work.create_flow_run(
            work.input_of(
                deployment=name,
                parameters=parameters or None,
                name=run_name,
                tags=list(tags) or None,
                scheduled_time=_start(start_in, start_at),
                idempotency_key=idempotency_key,
                job_variables=_pairs(variables) or None,
                priority=priority,
            )
        ),
        partial(_with_quotes, given=_pairs(params)),
    )
    for unknown in sorted(_pairs(variables).keys() - set(_KNOWN_VARIABLES)):
        known = ", ".join(_KNOWN_VARIABLES)
        show_line(f"Job variable {unknown!r} has no effect; there is {known}.", err=True)
    if as_json:
        show_json(created)
    elif created["name"] == run_name:
        show_line(f"Created flow run {created['name']!r} ({created['id']}).")
    else:
        stands = "for this key" if idempotency_key else "and stands for this one"
        show_line(f"Flow run {created['name']!r} ({created['id']}) exists already {stands}.")
    for blocker in _blockers(created["id"]):
        show_line(blocker["message"], err=True)
    if watch:
        _watch(created["id"])


@command.command()
@click.argument("name", shell_complete=completing.deployments)
def pause(name: str) -> None:
    """Let a deployment's schedules rest."""
    _set_paused(name, True)


@command.command()
@click.argument("name", shell_complete=completing.deployments)
def resume(name: str) -> None:
    """Let a deployment's schedules go on from now."""
    _set_paused(name, False)


@command.command()
@click.argument("name", shell_complete=completing.deployments)
@click.option(
    "--from", "since", required=True, help="The first time that counts, such as 2026-05-01."
)
@click.option("--to", "until", required=True, help="The last time that counts.")
@click.option("--dry-run", is_flag=True, help="Make no run; only show the times.")
@json_option
def backfill(name: str, since: str, until: str, dry_run: bool, as_json: bool) -> None:
    """Make a run for each time of the schedules that has none, the oldest first.

    Times without a zone are this machine's.
    """
    from headrace.client import scheduling

    stretch = moment_of("--from", since), moment_of("--to", until)
    if datetime.datetime.fromisoformat(stretch[0]) > datetime.datetime.fromisoformat(stretch[1]):
        fail(f"--from {since} is later than --to {until}")
    filled = perform(scheduling.backfill_deployment(name, *stretch, dry_run=dry_run))
    if as_json:
        show_json(filled)
        return
    if not filled["times"]:
        click.echo(
            "There is nothing to make up for: the schedules have no time within that, or each has "
            "its run already.",
            err=True,
        )
        return
    ids = filled["flowRunIds"] or [None] * len(filled["times"])
    show_table(("TIME", "FLOW RUN"), list(zip(map(moment, filled["times"]), ids, strict=True)))


@command.command()
@click.argument("name", shell_complete=completing.deployments)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(name: str, yes: bool) -> None:
    """Delete a deployment and its schedules; its runs that wait are cancelled."""
    from headrace.client import work

    confirm(f"deployment {name!r}", yes)
    perform(work.delete_deployment(name))
    click.echo(f"Deleted deployment {name!r}.", err=True)


def _set_paused(name: str, paused: bool) -> None:
    from headrace.client import work

    perform(work.set_deployment_paused(name, paused))
    click.echo(f"{'Paused' if paused else 'Resumed'} deployment {name!r}.", err=True)


def _blockers(run_id: str) -> list[dict[str, Any]]:
    """What holds a new run back that somebody should know of."""
    from headrace.client import operations

    one = perform(operations.flow_run(run_id))
    return [] if one is None else list(one["blockedBy"])


def _with_quotes(error: ServiceError, given: dict[str, Any]) -> str:
    """An error, with how a text is given that looks like JSON, where that is what is wrong."""
    name = (error.field or "").removeprefix("parameters.")
    if name not in given or not str(error).endswith("is not of type 'string'"):
        return str(error)
    text = json.dumps(json.dumps(given[name]))
    return f"{error}; to give a text, quote it: -p '{name}={text}'"


def _watch(run_id: str) -> None:
    import asyncio
    from uuid import UUID

    from headrace.flow_runs import wait_for_flow_run

    ended = asyncio.run(wait_for_flow_run(UUID(run_id), timeout=None))
    show_line(f"Flow run {ended.name!r} finished in state {ended.state}.")
    if not ended.state.is_completed():
        raise SystemExit(1)


def _start(start_in: str | None, start_at: str | None) -> str | None:
    """When a run is to start, as text with its zone."""
    if start_in is not None and start_at is not None:
        fail("give either --start-in or --start-at")
    try:
        if start_in is not None:
            now = datetime.datetime.now(datetime.UTC)
            return (now + datetime.timedelta(seconds=float(start_in))).isoformat()
    except (ValueError, OverflowError):
        fail(f"--start-in {start_in!r} is no number of seconds; one is 90")
    return None if start_at is None else moment_of("--start-at", start_at)


def _pairs(texts: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE, where a value that is no JSON is text."""
    found_pairs: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            fail(f"{text!r} is not of the form NAME=VALUE")
        try:
            found_pairs[name] = json.loads(value)
        except ValueError:
            found_pairs[name] = value
    return found_pairs
