"""What commands have in common: asking the service, tables, JSON, and errors in one line.

What comes from the service is printed without what a terminal would obey: a name may have been
made to move the cursor, or to change what stands above it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from headrace.exceptions import ServiceError

if TYPE_CHECKING:
    from headrace.client.operations import Operation

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def perform(operation: Operation[T], tell: Callable[[ServiceError], str] = str) -> T:
    """Perform an operation; what the service refuses is one line and exit code 1.

    `tell` words the line.
    """
    from headrace.client import Client  # not needed by --help

    with Client() as client:
        try:
            return client.perform(operation)
        except ServiceError as error:
            fail(tell(error))


def perform_all(ask: Callable[[str | None], Operation[dict[str, Any]]]) -> list[dict[str, Any]]:
    """All rows of a list, page by page; `ask` makes the operation for the page at a cursor."""
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = perform(ask(after))
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


def found(value: T | None, what: str) -> T:
    """A value that is there; else one line and exit code 1."""
    if value is None:
        fail(f"there is no {what}")
    return value


def fail(message: str) -> NoReturn:
    """End with one line and exit code 1."""
    show_line(f"Error: {message}", err=True)
    raise SystemExit(1)


def show_line(text: str, err: bool = False) -> None:
    """Print one line."""
    click.echo(_harmless(text), err=err)


def show_text(text: str) -> None:
    """Print a text that may have several lines."""
    from headrace_tui.format import clean

    click.echo(clean(text))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows below their columns' names."""
    texts = [list(columns), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(columns))]
    for row in texts:
        cells = zip(row, widths, strict=True)
        click.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        click.echo(f"{name.ljust(width)}  {_text(value)}".rstrip())


def show_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2))


def json_object(option: str, text: str) -> dict[str, Any]:
    """The object that somebody gave as JSON; if it is none, one line and exit code 1."""
    try:
        value = json.loads(text)
    except ValueError as error:
        fail(f"{option} is no JSON: {error}")
    if not isinstance(value, dict):
        fail(f"{option} is no JSON object")
    return value


def confirm(what: str, yes: bool) -> None:
    """Ask, where there is somebody to ask, whether something is really to be deleted."""
    import sys

    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        click.confirm(f"Are you sure you want to delete {what}?", abort=True)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return json.dumps(value)
    return _harmless(str(value))


def _harmless(text: str) -> str:
    from headrace_tui.format import one_line  # what the monitor shows is cleaned the same way

    return one_line(text)
