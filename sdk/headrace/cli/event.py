"""`headrace event`: what happens, and what programs tell of."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import click

from headrace.cli.listing import some
from headrace.cli.looks import clock, moment, readable_json
from headrace.cli.output import (
    fail,
    json_object,
    json_option,
    perform,
    show_json,
    show_line,
    show_list,
)
from headrace.exceptions import ServiceError

_ID = "headrace.resource.id"


@click.group()
def command() -> None:
    """Follow what happens, and tell of events."""


@command.command("ls")
@click.option("--name", help="Only events of this name.")
@click.option("--limit", type=click.IntRange(1), default=15, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on where a shorter list has ended.")
@json_option
def list_events(name: str | None, limit: int, after: str | None, as_json: bool) -> None:
    """List the events that programs have told of, the newest first."""
    from headrace.client import run_operations

    listed = some(
        lambda first, after: run_operations.events(name, first, after), limit, after, "events"
    )
    show_list(
        listed,
        as_json,
        ("NAME", "OCCURRED", "RESOURCE", "FLOW RUN"),
        lambda one: (
            one["name"],
            moment(one["occurred"]),
            one["resource"].get(_ID),
            one["flowRunId"],
        ),
    )


@command.command()
@click.option("--name", "names", multiple=True, help="Only events of this name; repeatable.")
@click.option("--run-once", is_flag=True, help="End after the first one.")
@json_option
def stream(names: tuple[str, ...], run_once: bool, as_json: bool) -> None:
    """Print what happens from now on, a line each, until Ctrl-C.

    These are the states that runs enter, and the events that programs tell of. With --json each
    line is a JSON object.
    """
    try:
        asyncio.run(_stream(names, run_once, as_json))
    except ServiceError as error:
        fail(str(error))


async def _stream(names: tuple[str, ...], once: bool, as_json: bool) -> None:
    from headrace.client import AsyncClient, operations
    from headrace.client.run_operations import HAPPENINGS

    async with AsyncClient() as client:
        after = (await client.perform(operations.server_info()))["feedCursor"]
        wanted = {"names": list(names)} if names else None
        feed = client.subscribe(HAPPENINGS, {"after": after, "filter": wanted})
        async with aclosing(feed) as messages:
            async for message in messages:
                for each in message["events"]["events"]:
                    # A line is there as soon as it is printed, also for who reads a pipe.
                    click.echo(json.dumps(each)) if as_json else show_line(_as_text(each))
                    if once:
                        return


def _as_text(happening: dict[str, Any]) -> str:
    at, event, state = clock(happening["occurred"]), happening["event"], happening["state"]
    if event is not None:
        about = event["resource"].get(_ID)
        return f"{at} | {event['name']} | {about} {readable_json(event['payload'])}"
    kind = "task run" if happening["taskRunId"] else "flow run"
    id = happening["taskRunId"] or happening["flowRunId"]
    told = happening["kind"].lower().replace("_", " ")
    what = f"is {state['name']}" if told == kind and state else told.removeprefix(kind).strip()
    message = f": {state['message']}" if state and state["message"] else ""
    return f"{at} | {kind} {id} {what}{message}"


@command.command()
@click.argument("event")
@click.option(
    "-r",
    "--resource",
    "labels",
    multiple=True,
    help="What it is about: LABEL=VALUE, or a JSON object; repeatable.",
)
@click.option("--resource-id", help=f"The same as -r {_ID}=….")
@click.option("--related", help="What else it is about: a JSON object, or a list of them.")
@click.option("-p", "--payload", help="What else there is to say, as a JSON object.")
@json_option
def emit(
    event: str,
    labels: tuple[str, ...],
    resource_id: str | None,
    related: str | None,
    payload: str | None,
    as_json: bool,
) -> None:
    """Tell of an EVENT, such as order.shipped."""
    from headrace.client import run_operations

    resource = _labels(labels) | ({} if resource_id is None else {_ID: resource_id})
    if _ID not in resource:
        raise click.UsageError(f"say what it is about: --resource-id ID, or -r {_ID}=ID")
    told = _event(
        event=event,
        resource=resource,
        related=[] if related is None else _related(related),
        payload={} if payload is None else json_object("--payload", payload),
    )
    perform(run_operations.record([told]))
    if as_json:
        show_json({"id": str(told.id), "name": told.name, "resource": told.resource})
    else:
        show_line(f"Emitted event {told.name!r} with id {told.id}.")


def _event(**fields: Any) -> Any:
    """The record of an event; if it can be none, one line and exit code 1."""
    from datetime import UTC, datetime

    from pydantic import ValidationError

    from headrace.events.schemas.events import Event
    from headrace.records import EventEmitted

    try:
        made = Event(occurred=datetime.now(UTC), **fields)
    except ValidationError as error:
        wrong = error.errors()[0]
        fail(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")
    return EventEmitted(
        made.id,
        round(made.occurred.timestamp() * 1_000_000),
        made.event,
        made.resource.root,
        [each.root for each in made.related],
        fields["payload"],
    )


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        label, equals, value = text.partition("=")
        if text.lstrip().startswith("{"):
            found |= {name: str(each) for name, each in json_object("--resource", text).items()}
        elif equals:
            found[label] = value
        else:
            fail(f"--resource {text!r} is not of the form LABEL=VALUE")
    return found


def _related(text: str) -> list[dict[str, Any]]:
    if not text.lstrip().startswith("["):
        return [json_object("--related", text)]
    try:
        return list(json.loads(text))
    except ValueError as error:
        fail(f"--related is no JSON: {error}")
