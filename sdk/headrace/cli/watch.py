"""`headrace watch`: a flow run as plain lines, for logs, pipes and screen readers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.tui import service_at
from headrace.exceptions import ServiceError, SetupError

if TYPE_CHECKING:
    from headrace_tui.gateway import Gateway
    from headrace_tui.models import Run
    from headrace_tui.transcript import Event, Transcript

COMPLETED, FAILED, CANCELLED, NO_CONNECTION, NO_SUCH_RUN = 0, 1, 2, 3, 4

#: How long the service may be away before following is given up, in seconds.
PATIENCE = 60.0

_EXIT_CODES = {"COMPLETED": COMPLETED, "CANCELLED": CANCELLED}
_LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


@click.command()
@click.argument("run", required=False)
@click.option("--latest", is_flag=True, help="Follow the newest flow run; wait if there is none.")
@click.option("--url", help="The service to ask.  [HEADRACE_API_URL, else the local ledger]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def command(run: str | None, latest: bool, url: str | None, as_json: bool) -> None:
    """Follow RUN, a flow run's id or name, until it is over; without one the newest.

    \b
    Exit codes: 0 completed · 1 failed or crashed · 2 cancelled ·
    3 no connection to the service · 4 no such run
    """
    if run is not None and latest:
        raise click.UsageError("give a RUN or --latest, not both")
    try:
        with service_at(url) as service:
            code = asyncio.run(_watch(service.url, run, as_json))
    except BrokenPipeError:
        # Whoever read is gone. Nothing can be flushed to them when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = COMPLETED
    except KeyboardInterrupt:
        code = 130
    except (SetupError, ServiceError) as error:
        click.echo(f"Error: {error}", err=True)
        code = NO_CONNECTION
    sys.exit(code)


async def _watch(url: str, wanted: str | None, as_json: bool) -> int:
    from headrace.client import AsyncClient
    from headrace_tui.gateway import Gateway, NoSuchRun
    from headrace_tui.transcript import Transcript

    async with AsyncClient(url) as client:
        gateway = Gateway(client, patience=PATIENCE)
        gateway.on_connection = lambda: _tell_connection(gateway)
        try:
            run_id = await _find(gateway, wanted)
            transcript = Transcript(gateway, run_id)
            printed: Callable[[Event], str | None] = _json_line if as_json else _Lines(transcript)
            async for event in transcript.events():
                if line := printed(event):
                    print(line, flush=True)
        except NoSuchRun:
            click.echo(f"Error: there is no flow run {wanted!r}", err=True)
            return NO_SUCH_RUN
    return _EXIT_CODES.get(transcript.run.state.type, FAILED)


def _tell_connection(gateway: Gateway) -> None:
    """A lost connection is told once, beside the output."""
    connection = gateway.connection
    if connection.attempt == 1:
        click.echo(f"The service is away, trying again: {connection.reason}", err=True)


async def _find(gateway: Gateway, wanted: str | None) -> str:
    """The id of the flow run that is wanted: by id, by name, or the newest of all."""
    from headrace_tui.gateway import NoSuchRun

    if wanted is None:
        page = await gateway.flow_runs(filters={"topLevelOnly": True})
        if page.rows:
            return page.rows[0].id
        click.echo("No flow runs yet; waiting for the first one.", err=True)
        async with contextlib.aclosing(gateway.flow_run_events(page.feed)) as events:
            async for runs, _ in events:
                for run in runs.values():
                    if run.parent_id is None:
                        return run.id
    elif _is_id(wanted):
        return wanted
    else:
        page = await gateway.flow_runs(filters={"nameContains": wanted})
        for run in page.rows:
            if run.name == wanted:
                return run.id
    raise NoSuchRun(wanted)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


class _Lines:
    """Events as lines for people, in the form that flows print their own log lines in."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def __call__(self, event: Event) -> str | None:
        """The line of an event; None for what is not worth one."""
        from headrace_tui import format as fmt
        from headrace_tui.models import LogRow

        if isinstance(event, LogRow):
            level = _LEVELS.get(event.level, str(event.level))
            run = self._transcript.runs.get(event.task_run_id or event.flow_run_id or "")
            source = _title(run) if run is not None else fmt.one_line(event.logger)
            time, text = event.at, fmt.clean(event.message)
        else:
            if not _is_worth_a_line(event):
                return None
            level, source, time, text = "STATE", _title(event), event.state.at, _state_text(event)
        return f"{fmt.clock(time, millis=True)} | {level:<7} | {source} - {text}"


def _is_worth_a_line(run: Run) -> bool:
    """Whether a state tells something that the other lines do not."""
    if run.kind == "flow":
        return run.state.type != "PENDING"
    return run.is_over or run.retries > 0 or run.state.type == "SCHEDULED"


def _title(run: Run) -> str:
    return f"{'Flow' if run.kind == 'flow' else 'Task'} run {run.name!r}"


def _state_text(run: Run) -> str:
    from headrace_tui import format as fmt

    took = f" after {fmt.duration(run.duration(0))}" if run.is_over and run.started else ""
    counts = ""
    if run.kind == "flow" and run.is_over and run.counts:
        done = run.counts.get("COMPLETED", 0)
        counts = f", {done:,} of {sum(run.counts.values()):,} task runs completed"
    message = f": {fmt.one_line(run.state.message)}" if run.state.message else ""
    attempt = f" (attempt {run.state.run_count})" if run.retries else ""
    return f"{run.state.name}{attempt}{took}{counts}{message}"


def _json_line(event: Event) -> str:
    """An event as a JSON object. Times are in microseconds since 1970-01-01 UTC."""
    from headrace_tui.models import LogRow

    data: dict[str, Any]
    if isinstance(event, LogRow):
        data = {
            "kind": "log",
            "at": event.at,
            "level": event.level,
            "logger": event.logger,
            "message": event.message,
            "flowRunId": event.flow_run_id,
            "taskRunId": event.task_run_id,
        }
    else:
        data = {
            "kind": f"{event.kind}_run",
            "at": event.state.at,
            "id": event.id,
            "name": event.name,
            event.kind: event.group,
            "type": event.state.type,
            "state": event.state.name,
            "message": event.state.message,
            "runCount": event.state.run_count,
        }
    return json.dumps(data, ensure_ascii=False)
