"""What lists of runs have in common: their options, their pages, and what is said of the rest."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from headrace.cli.output import fail, perform, show_line
from headrace.client.operations import Object, Operation
from headrace.records import StateType

F = TypeVar("F", bound=Callable[..., None])

#: Rows that the service gives at once, at most.
_PAGE = 200
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def run_options(function: F) -> F:
    """The options of a list of runs: which states, since when, how many, from where on."""
    for option in (
        click.option("--after", metavar="CURSOR", help="Go on where a shorter list has ended."),
        click.option(
            "--limit", type=click.IntRange(1), default=15, show_default=True, help="How many."
        ),
        click.option("--tag", "tags", multiple=True, help="Only those with this tag; repeatable."),
        click.option(
            "--state-type", "types", multiple=True, help="Only in a state of this type; repeatable."
        ),
        click.option(
            "--state",
            "states",
            multiple=True,
            help="Only in a state of this type or name, such as failed or TimedOut; repeatable.",
        ),
    ):
        function = option(function)
    return function


def states_wanted(states: Sequence[str], types: Sequence[str]) -> dict[str, list[str] | None]:
    """The types and the names of states that are asked for.

    A word that is a type means all states of it, unless beside it stands a word that is none: then
    all of them are names.

    Args:
        states: what `--state` was given.
        types: what `--state-type` was given.
    """
    for text in types:
        if text.upper() not in StateType.__members__:
            known = ", ".join(kind.lower() for kind in StateType.__members__)
            fail(f"--state-type {text!r}: there is no such type; there are {known}")
    kinds = [text.upper() for text in types]
    if all(text.upper() in StateType.__members__ for text in states):
        return {"states": [*kinds, *(text.upper() for text in states)] or None, "state_names": None}
    names = [_capital(text) for text in states]
    return {"states": kinds or None, "state_names": names}


def _capital(text: str) -> str:
    """A state's name as it is spelt: `failed` is Failed, and others are written as they are."""
    return text.capitalize() if text.upper() in StateType.__members__ else text


def tell_of_nothing(what: str, states: Sequence[str]) -> None:
    """Say, beside an empty list, which states there would be, if one may have been mistyped."""
    unknown = [text for text in states if text.upper() not in StateType.__members__]
    if unknown:
        known = ", ".join(kind.lower() for kind in StateType.__members__)
        show_line(
            f"No {what} is in a state {', '.join(map(repr, unknown))}; a state is called as STATE "
            f"shows it, or by its type: {known}.",
            err=True,
        )


def some(
    ask: Callable[[int, str | None], Operation[Object]], limit: int, after: str | None, what: str
) -> list[dict[str, Any]]:
    """So many rows of a list; that there are others, and how to have them, is said beside it.

    Args:
        ask: makes the operation for a page: how many rows at most, behind which cursor.
        limit: how many rows at most.
        after: the cursor behind which they begin; None is the beginning.
        what: what they are, such as "flow runs".
    """
    rows: list[dict[str, Any]] = []
    while True:
        page = perform(ask(min(limit - len(rows), _PAGE), after))
        rows += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        if len(rows) >= limit:
            show_line(
                f"There are more {what}: --limit says how many to show, --after {after} shows "
                "those that follow.",
                err=True,
            )
            return rows


def moment_of(option: str, text: str, known: str = "one is 2026-05-01T08:00Z") -> str:
    """A time that somebody gave, as text with its zone; without one it is this machine's.

    Args:
        option: where it was given.
        text: what was given.
        known: what would be right, for who gave something else.
    """
    try:
        return datetime.datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError):
        fail(f"{option} {text!r} is no time; {known}")


def since_of(option: str, text: str | None) -> str | None:
    """A time that somebody gave, or how long ago it was: `90s`, `15m`, `2h`, `7d`, `1w`."""
    if text is None:
        return None
    if length := re.fullmatch(r"(\d{1,9})([smhdw])", text.strip().lower()):
        seconds = int(length[1]) * _UNITS[length[2]]
        try:
            now = datetime.datetime.now(datetime.UTC)
            return (now - datetime.timedelta(seconds=seconds)).isoformat()
        except OverflowError:
            fail(f"{option} {text!r} is too long ago")
    return moment_of(option, text, "one is 2026-05-01T08:00Z, or 2h for how long ago")
