"""`headrace flow-run logs`: what a run has logged, and what it goes on to log."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import completing
from headrace.cli.finding import find_flow_run
from headrace.cli.looks import clock
from headrace.cli.output import fail, found, json_option, perform, show_json, show_text
from headrace.exceptions import CursorExpired, ServiceError
from headrace.records import TERMINAL_STATES, StateType

if TYPE_CHECKING:
    from headrace.client import AsyncClient
    from headrace.client.operations import Object

_STATES = """
subscription ($after: Cursor, $run: ID!) {
  flowRuns(after: $after, filter: {flowRunIds: [$run]}) { cursor events { state { type } } }
}
"""


@click.command("logs")
@click.argument("run", shell_complete=completing.flow_runs)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@json_option
def command(run: str, follow: bool, as_json: bool) -> None:
    """Print what the flow run of this id or name has logged, the oldest first."""
    from headrace.client import operations

    id = find_flow_run(run)
    one = found(perform(operations.flow_run(id)), f"flow run {run!r}")
    show_logs(f"Flow run {one['name']!r}", {"flow_run_id": id}, as_json, id if follow else None)


def show_logs(title: str, of: dict[str, Any], as_json: bool, followed: str | None = None) -> None:
    """Print what a run has logged.

    Args:
        title: how its own lines are headed.
        of: which run it is, as an argument of `operations.logs`.
        as_json: print the lines as JSON.
        followed: the flow run whose end is waited for; None is to print what there is.
    """
    try:
        asyncio.run(_print(title, of, as_json, followed))
    except ServiceError as error:
        fail(str(error))


async def _print(title: str, of: dict[str, Any], as_json: bool, followed: str | None) -> None:
    from headrace.client import AsyncClient

    async with AsyncClient() as client:
        lines = _Lines(client, title, of, as_json)
        await lines.show_rest()
        if followed is not None:
            await _follow(client, lines, followed)


async def _follow(client: AsyncClient, lines: _Lines, id: str) -> None:
    """Show lines as they are taken. The run's end is recorded behind its last line."""
    tail = asyncio.create_task(lines.show_coming(id))
    end = asyncio.create_task(_wait_for_end(client, id))
    try:
        done, _ = await asyncio.wait({tail, end}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (tail, end):
            task.cancel()
        await asyncio.gather(tail, end, return_exceptions=True)
    await lines.show_rest()


async def _wait_for_end(client: AsyncClient, id: str) -> None:
    from headrace.client import operations

    while True:
        after = (await client.perform(operations.server_info()))["feedCursor"]
        one = found(await client.perform(operations.flow_run(id)), f"flow run {id!r}")
        if _is_end(one):
            return
        try:
            async with aclosing(client.subscribe(_STATES, {"after": after, "run": id})) as messages:
                async for message in messages:
                    if any(_is_end(event) for event in message["flowRuns"]["events"]):
                        return
        except CursorExpired:  # the service was away for long: look anew
            continue


def _is_end(run: Object) -> bool:
    return StateType(run["state"]["type"]) in TERMINAL_STATES


class _Lines:
    """A run's lines, each shown once.

    Args:
        client: whom to ask.
        title: how lines of the run itself are headed.
        of: which run it is, as an argument of `operations.logs`.
        as_json: show them as JSON.
    """

    def __init__(self, client: AsyncClient, title: str, of: dict[str, Any], as_json: bool) -> None:
        self._client = client
        self._title = title
        self._of = of
        self._as_json = as_json
        self._after: str | None = None
        #: The names of the task runs that have written lines.
        self._names: dict[str, str] = {}

    async def show_rest(self) -> None:
        """Show all that there is and was not shown."""
        from headrace.client import operations

        while True:
            asked = operations.logs(first=200, after=self._after, **self._of)
            page = await self._client.perform(asked)
            await self._show(page["nodes"], page["pageInfo"]["endCursor"])
            if not page["pageInfo"]["hasNextPage"]:
                self._after = self._after or page["feedCursor"]
                return

    async def show_coming(self, flow_run_id: str) -> None:
        """Show what comes of a flow run, for ever."""
        from headrace.client.operations import LOG_LINE

        query = (
            "subscription ($after: Cursor, $run: ID!) { logs(after: $after, "
            f"filter: {{flowRunId: $run}}) {{ cursor lines {{ {LOG_LINE} }} }} }}"
        )
        while True:
            asked = {"after": self._after, "run": flow_run_id}
            try:
                async with aclosing(self._client.subscribe(query, asked)) as messages:
                    async for message in messages:
                        await self._show(message["logs"]["lines"], message["logs"]["cursor"])
            except CursorExpired:  # some were deleted meanwhile; those that are left are shown
                await self.show_rest()

    async def _show(self, lines: list[Object], cursor: str | None) -> None:
        """Show lines up to a cursor; if this is cancelled, none of them was shown."""
        from headrace.client import operations

        tasks = {line["taskRunId"] for line in lines} - {None, *self._names}
        if tasks and not self._as_json:
            for ids in _portions(sorted(tasks)):
                page = await self._client.perform(operations.task_runs(ids=ids, first=200))
                self._names.update((one["id"], one["name"]) for one in page["nodes"])
        self._after = cursor or self._after
        for line in lines:
            if self._as_json:
                show_json(line)
            else:
                show_text(self._as_text(line))

    def _as_text(self, line: dict[str, Any]) -> str:
        at = clock(line["timestamp"])
        name = self._names.get(line["taskRunId"])
        source = self._title if name is None else f"Task run {name!r}"
        return f"{at} | {line['levelName']:<7} | {source} - {line['message']}"


def _portions(ids: list[str]) -> list[list[str]]:
    """As many ids at a time as the service answers for at once."""
    return [ids[start : start + 200] for start in range(0, len(ids), 200)]
