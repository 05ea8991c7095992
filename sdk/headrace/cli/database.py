"""`headrace server database`: the ledger as a whole. The commands work on it directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headrace.cli.ledger import database_option, ledger_at, told_in_one_line
from headrace.cli.output import confirm, fail, json_option, show_fields, show_json, show_line
from headrace.text import counted


@click.group("database")
def command() -> None:
    """Look after the ledger as a whole; a service may go on meanwhile."""


@command.command()
@database_option
@json_option
def info(database: str | None, as_json: bool) -> None:
    """Say where it is, of which version, how big, and how many rows it has."""
    import msgspec

    from headrace_service.ledger import upkeep

    with told_in_one_line():
        found = upkeep.info(ledger_at(database))
    if as_json:
        show_json(msgspec.to_builtins(found))
        return
    state = "up to date" if found.version == found.newest_version else "to be upgraded"
    show_fields(
        {
            "ledger": found.ledger,
            "version": f"{found.version} ({state})",
            "size": f"{_size(found.bytes)}, {_size(found.unused_bytes)} of it unused",
            **{f"  {table}": counted(count, "row") for table, count in found.rows.items() if count},
        }
    )


@command.command()
@database_option
@click.option("-y", "--yes", is_flag=True, help="As `prefect` has it; nothing is asked.")
@json_option
def upgrade(database: str | None, yes: bool, as_json: bool) -> None:
    """Bring its tables up to date, as starting the service does."""
    from headrace_service.ledger import upkeep

    with told_in_one_line():
        before, after = upkeep.upgrade(ledger_at(database, makes=True))
    _say(
        as_json,
        {"from": before, "to": after},
        f"The ledger is up to date (version {after})."
        if before == after
        else f"Upgraded the ledger from version {before} to {after}.",
    )


@command.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Take the place of a file that is there.")
@database_option
@json_option
def backup(target: Path, overwrite: bool, database: str | None, as_json: bool) -> None:
    """Copy it, as it is at one moment, into the file TARGET."""
    from headrace_service.ledger import upkeep

    if target.exists() and not overwrite:
        fail(f"{target} exists; choose another file, or give --overwrite")
    with told_in_one_line():
        size = upkeep.backup(ledger_at(database), target.absolute())
    _say(as_json, {"file": str(target), "bytes": size}, f"Copied to {target} ({_size(size)}).")


@command.command()
@database_option
@json_option
def vacuum(database: str | None, as_json: bool) -> None:
    """Give back the room of what was deleted. Whoever writes waits until it is done."""
    from headrace_service.ledger import upkeep

    with told_in_one_line():
        before, after = upkeep.vacuum(ledger_at(database))
    freed = max(0, before - after)
    _say(
        as_json,
        {"bytes_before": before, "bytes_after": after, "freed": freed},
        f"Freed {_size(freed)}: from {_size(before)} to {_size(after)}."
        if freed
        else f"It takes {_size(after)}; new rows go where old ones were deleted.",
    )


@command.command()
@database_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def reset(database: str | None, yes: bool, as_json: bool) -> None:
    """Delete everything in it, but the API tokens."""
    import sys

    from headrace_service.ledger import upkeep

    ledger = ledger_at(database)
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("nothing was deleted; give --yes to delete everything in the ledger")
    confirm("everything in the ledger", yes)
    with told_in_one_line():
        rows = upkeep.reset(ledger)
    _say(as_json, {"deleted": rows}, f"Deleted everything ({counted(rows, 'row')}).")


def _say(as_json: bool, fields: dict[str, Any], text: str) -> None:
    if as_json:
        show_json(fields)
    else:
        show_line(text)


def _size(count: int) -> str:
    """A number of bytes for people."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
