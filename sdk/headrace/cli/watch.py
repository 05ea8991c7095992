"""`headrace watch`: a flow run as plain lines, for logs, pipes and screen readers."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import completing
from headrace.cli.finding import is_id, newest_of
from headrace.cli.tui import service_at
from headrace.exceptions import ServiceError, SetupError

if TYPE_CHECKING:
    from headrace_tui.gateway import Gateway
    from headrace_tui.models import LogRow, Run
    from headrace_tui.time_order import Event
    from headrace_tui.transcript import Transcript

COMPLETED, FAILED, CANCELLED, NO_CONNECTION, NO_SUCH_RUN = 0, 1, 2, 3, 4

#: How long the service may be away before following is given up, in seconds.
PATIENCE = 60.0

_EXIT_CODES = {"COMPLETED": COMPLETED, "CANCELLED": CANCELLED}


@click.command()
@click.argument("run", required=False, shell_complete=completing.flow_runs)
@click.option("--latest", is_flag=True, help="Follow the newest flow run; wait if there is none.")
@click.option("--url", help="The service to ask.  [HEADRACE_API_URL, else the local ledger]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def command(run: str | None, latest: bool, url: str | None, as_json: bool) -> None:
    """Follow RUN, a flow run's id or name, until it is over; without one the newest.

    \b
    Exit codes: 0 completed, 1 failed or crashed, 2 cancelled,
    3 no connection to the service, 4 no such run
    """
    if run is not None and latest:
        raise click.UsageError("give a RUN or --latest, not both")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names and messages may have characters that the output's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
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
        _tell(f"Error: {error}")
        code = NO_CONNECTION
    sys.exit(code)


async def _watch(url: str, wanted: str | None, as_json: bool) -> int:
    from headrace.client import AsyncClient
    from headrace_tui.gateway import Gateway, NoSuchRun
    from headrace_tui.transcript import Transcript

    async with AsyncClient(url) as client:
        gateway = Gateway(client, patience=PATIENCE, raw=as_json)
        gateway.on_connection = _ConnectionWatch(gateway).changed
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


def _tell(text: str) -> None:
    """Say something beside the output, in one line; parts of it may come from the service."""
    from headrace_tui.format import one_line

    click.echo(one_line(text), err=True)


class _ConnectionWatch:
    """Tells of a lost connection once, beside the output, however many subscriptions broke."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._away = False

    def changed(self) -> None:
        """The connection stands in another way."""
        from headrace_tui.models import Link

        away = self._gateway.connection.link is Link.AWAY
        if away and not self._away:
            _tell(f"The service does not answer; trying again for {PATIENCE:.0f} seconds.")
        self._away = away


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
    elif is_id(wanted):
        return wanted
    else:
        page = await gateway.flow_runs(filters={"names": [wanted]})
        if page.rows:
            return newest_of(wanted, [run.id for run in page.rows])
    raise NoSuchRun(wanted)


class _Lines:
    """Events as lines for people, in the form that flows print their own log lines in."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def __call__(self, event: Event) -> str | None:
        """The line of an event; None for what is not worth one."""
        from headrace_tui import format as fmt
        from headrace_tui.models import LogRow

        if isinstance(event, LogRow):
            level = logging.getLevelName(event.level)
            run = self._transcript.runs.get(event.task_run_id or event.flow_run_id or "")
            source = _title(run) if run is not None else event.logger
            time, text = event.at, event.message
        else:
            if not _is_worth_a_line(event):
                return None
            level, source, time, text = "STATE", _title(event), event.state.at, _state_text(event)
        return f"{fmt.clock(time, millis=True)} | {level:<7} | {source} - {text}"


def _is_worth_a_line(run: Run) -> bool:
    """Whether a state tells something that the other lines do not."""
    return run.state.type != "PENDING"


def _title(run: Run) -> str:
    return f"{'Flow' if run.kind == 'flow' else 'Task'} run {run.name!r}"


def _state_text(run: Run) -> str:
    from headrace_tui import format as fmt

    took = f" after {fmt.duration(run.duration(0))}" if run.is_over and run.start_time else ""
    counts = ""
    if run.kind == "flow" and run.is_over and run.counts:
        ended, total = fmt.tally(run.counts)
        counts = f", {ended:,} of {total:,} task runs ended"
        for kind in ("FAILED", "CRASHED", "CANCELLED"):
            if count := run.counts.get(kind):
                counts += f", {count:,} {kind.lower()}"
    message = f": {run.state.message}" if run.state.message else ""
    attempt = f" (attempt {run.state.run_count})" if run.retries else ""
    return f"{run.state.name}{attempt}{took}{counts}{message}"


def _json_line(event: Event) -> str:
    """An event as a JSON object, its fields named and formed as in the GraphQL schema.

    It is ASCII alone: what would act on a terminal is escaped.
    """
    from headrace_tui.models import LogRow

    return json.dumps(_log_data(event) if isinstance(event, LogRow) else _run_data(event))


def _log_data(line: LogRow) -> dict[str, Any]:
    return {
        "kind": "log",
        "timestamp": _iso(line.at),
        "level": line.level,
        "levelName": logging.getLevelName(line.level),
        "logger": line.logger,
        "message": line.message,
        "flowRunId": line.flow_run_id,
        "taskRunId": line.task_run_id,
    }


def _run_data(run: Run) -> dict[str, Any]:
    state = {
        "type": run.state.type,
        "name": run.state.name,
        "message": run.state.message,
        "timestamp": _iso(run.state.at),
        "runCount": run.state.run_count,
    }
    is_flow = run.kind == "flow"
    data: dict[str, Any] = {
        "kind": f"{run.kind}_run",
        "id": run.id,
        "name": run.name,
        "flowName" if is_flow else "taskName": run.group,
        "parentFlowRunId" if is_flow else "flowRunId": run.parent_id,
        "state": state,
        "tags": list(run.tags),
        "createdAt": _iso(run.created),
        "startTime": _iso(run.start_time),
        "endTime": _iso(run.end_time),
    }
    if is_flow:
        data["taskRunCounts"] = [
            {"type": kind, "count": count} for kind, count in run.counts.items()
        ]
    return data


def _iso(at: int | None) -> str | None:
    """A moment as the service writes it: ISO-8601 in UTC, with microseconds."""
    if at is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
