"""`headrace server retention`: how long things are kept, what went, what is due, and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.ledger import database_option, ledger_at, service_settings, told_in_one_line
from headrace.cli.output import fail, json_option, show_json, show_line, show_table

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

_LEGEND = """
DELETED and NOW count rows: a run goes with its task runs, artifacts and all else that is its own.
UNTIL is when, the last time, all of the kind that was due had gone."""
_DUE = "\nDUE counts flow runs, events and log lines; what goes with a run is not counted before."


@click.command("retention")
@database_option
@click.option("--run", is_flag=True, help="Delete now what is due; a service may go on meanwhile.")
@click.option("--dry-run", is_flag=True, help="Count what is due, and delete nothing.")
@json_option
def command(database: str | None, run: bool, dry_run: bool, as_json: bool) -> None:
    """Say how long things are kept, and what was deleted for its age."""
    import asyncio

    from headrace_service.ledger import Ledger
    from headrace_service.ledger.keep import Keep

    if run and dry_run:
        fail("--run deletes and --dry-run does not; choose one of them")
    with told_in_one_line():
        keep = Keep.of(service_settings())
        ledger = Ledger.open(ledger_at(database, makes=True), keep=keep)
        try:
            gone = asyncio.run(_sweep(ledger, quiet=as_json)) if run else None
            rows = asyncio.run(_told(ledger, dry_run))
        finally:
            ledger.close()
    if gone is not None:
        rows = [{**row, "now": gone.get(row["kind"], 0)} for row in rows]
    if as_json:
        show_json(rows)
        return
    columns = {"kind": "KIND", "keep_days": "KEPT", "deleted": "DELETED", "swept_at": "UNTIL"}
    extra = {"due": "DUE", "now": "NOW"}
    shown = {**columns, **{name: extra[name] for name in extra if name in rows[0]}}
    show_table(list(shown.values()), [[_cell(name, row[name]) for name in shown] for row in rows])
    click.echo(_LEGEND + (_DUE if dry_run else ""), err=True)


async def _sweep(ledger: Ledger, *, quiet: bool) -> dict[str, int]:
    from headrace_service.loops.retention import Retention

    last: dict[str, int] = {}

    def told(kind: str, count: int) -> None:
        if not quiet and count // 10_000 > last.get(kind, 0):
            last[kind] = count // 10_000
            show_line(f"{count} rows of the kind {kind} are gone", err=True)

    return dict(await Retention(lambda: ledger, 1).step(told))


async def _told(ledger: Ledger, count: bool) -> list[dict[str, Any]]:
    import msgspec

    from headrace.records import now_micros
    from headrace_service.ledger.queries.due import due
    from headrace_service.ledger.retention import progress

    rows = [msgspec.to_builtins(row) for row in await ledger.aread(progress, ledger.keep)]
    if not count:
        return rows
    waiting = await ledger.aread(due, ledger.keep, now_micros())
    return [{**row, "due": waiting.get(row["kind"])} for row in rows]


def _cell(name: str, value: Any) -> object:
    if name == "keep_days":
        return f"{value:g} days" if value else "for ever"
    if name == "swept_at" and value is not None:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(value / 1_000_000, UTC).isoformat(timespec="seconds")
    return value
