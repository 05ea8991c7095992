"""What commands have in common: asking the service, tables, JSON, and errors in one line.

What comes from the service is printed without what a terminal would obey: a name may have been
made to move the cursor, or to change what stands above it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from headrace.exceptions import ServiceError

if TYPE_CHECKING:
    from headrace.client.operations import Operation

T = TypeVar("T")


def json_option(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--json`, and `-o json`, as Prefect spells it; it is told `as_json`."""

    @functools.wraps(function)
    def command(*context: click.Context, output: str | None, as_json: bool, **given: Any) -> None:
        function(*context, as_json=as_json or output is not None, **given)

    spelled = click.option(
        "-o", "--output", type=click.Choice(["json"]), help="The same as --json."
    )
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(spelled(command))


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
    """Print rows below their columns' names; on a terminal, in lines that fit it.

    Args:
        columns: their names.
        rows: each with a value for each column; the first one says what the row is about.
    """
    from headrace.cli.looks import briefly, fitting, widths_of
    from headrace_tui.format import fit_name

    texts, width = _texts(columns, rows), _width()
    widths = widths_of(texts)
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        texts = _texts(*briefly(columns, rows))
        widths = fitting(texts[0], widths_of(texts), width)
    for row in texts:
        cells = zip(row, widths, strict=True)
        click.echo("  ".join(fit_name(cell, width) for cell, width in cells).rstrip())


def show_list(
    listed: Sequence[dict[str, Any]],
    as_json: bool,
    columns: Sequence[str],
    cells: Callable[[dict[str, Any]], Sequence[object]],
) -> None:
    """Print what was listed, as JSON or as a table.

    Args:
        listed: the objects.
        as_json: whether they are printed as they are.
        columns: the names of the table's columns.
        cells: the values of an object's row; the first one says what the row is about.
    """
    if as_json:
        show_json(listed)
    else:
        show_table(columns, [cells(one) for one in listed])


def _texts(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[list[str]]:
    """A table's columns' names and its cells, as they are shown."""
    from headrace.cli.looks import words

    return [list(columns), *([_harmless(words(cell)) for cell in row] for row in rows)]


def _width() -> int | None:
    """How many cells a line of the terminal has; None where there is none."""
    import shutil
    import sys

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print what the service tells of something, a line for each field of the schema."""
    from headrace.cli.looks import shown

    show_data({name: shown(name, value) for name, value in fields.items()})


def show_data(data: Mapping[str, Any]) -> None:
    """Print names and values, a line each; the names may be those that users have given."""
    from headrace.cli.looks import words
    from headrace_tui.format import cells

    lines = [(_harmless(name), _harmless(words(value))) for name, value in data.items()]
    width = max((cells(name) for name, _ in lines), default=0)
    for name, text in lines:
        click.echo(f"{name}{' ' * (width - cells(name))}  {text}".rstrip())


def show_run(run: dict[str, Any]) -> None:
    """Print a run with what holds it back, and the states that it has been in."""
    from headrace.cli.looks import blocker_kind, length, moment

    fields = {name: run[name] for name in run if name not in ("stateHistory", "blockedBy")}
    took = fields.pop("durationSeconds")
    fields["duration"] = None if took is None else length(took)
    if "inputs" in fields:
        told = [f"{each['parameter']} of task run {each['runId']}" for each in fields["inputs"]]
        fields["inputs"] = told
    show_fields(fields)
    if run["blockedBy"]:
        click.echo("\nBlocked by")
        holders = [
            (
                blocker_kind(each),
                each["message"],
                ", ".join(one["name"] for one in each["heldBy"]) or None,
            )
            for each in run["blockedBy"]
        ]
        show_table(("REASON", "MESSAGE", "HELD BY"), holders)
    click.echo("\nStates")
    rows = [
        (moment(state["timestamp"]), state["name"], state["message"])
        for state in run["stateHistory"]
    ]
    show_table(("SINCE", "STATE", "MESSAGE"), rows)


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


def _harmless(text: str) -> str:
    from headrace_tui.format import one_line  # what the monitor shows is cleaned the same way

    return one_line(text)
