"""`headrace artifact`: what runs have made for people to look at."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.finding import is_id
from headrace.cli.listing import some
from headrace.cli.looks import moment, readable_json
from headrace.cli.output import (
    confirm,
    fail,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_list,
    show_text,
)
from headrace.exceptions import ServiceError


@click.group()
def command() -> None:
    """Look at what runs have made for people, and delete it."""


@command.command("ls")
@click.option("-a", "--all", "every", is_flag=True, help="All versions, not only the newest.")
@click.option("--type", "kind", help="Only those of this type, such as table or markdown.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on where a shorter list has ended.")
@json_option
def list_artifacts(
    every: bool, kind: str | None, limit: int, after: str | None, as_json: bool
) -> None:
    """List the newest artifact of each key, or all artifacts, the newest first."""
    from headrace.client import saved

    where: dict[str, object] = {"latestOnly": not every}
    if kind is not None:
        where["types"] = [kind]
    listed = some(
        lambda first, after: saved.artifacts(where, first=first, after=after),
        limit,
        after,
        "artifacts",
    )
    show_list(
        listed,
        as_json,
        ("ID", "KEY", "TYPE", "DESCRIPTION", "UPDATED"),
        lambda one: (
            one["id"],
            one["key"],
            one["type"],
            one["description"],
            moment(one["updatedAt"]),
        ),
    )


@command.command()
@click.argument("key")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many.")
@json_option
def inspect(key: str, limit: int, as_json: bool) -> None:
    """Show the artifact of this id, or the newest versions of this key."""
    from headrace.client import saved

    if is_id(key):
        one = perform(saved.artifact(id=key))
        listed = [] if one is None else [one]
    else:
        where = {"keys": [key]}
        listed = some(
            lambda first, after: saved.artifacts(where, first=first, after=after),
            limit,
            None,
            "versions of it",
        )
    if not listed:
        fail(f"there is no artifact {key!r}; see `headrace artifact ls`")
    if as_json:
        show_json(listed)
        return
    for place, one in enumerate(listed):
        if place:
            click.echo()
        _show(one)


def _show(one: dict[str, Any]) -> None:
    data = one.pop("data")
    show_fields(one)
    click.echo()
    show_text(data if isinstance(data, str) else readable_json(data, indent=2))


@command.command()
@click.argument("key", required=False)
@click.option("--id", "id", help="Only the artifact of this id.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(key: str | None, id: str | None, yes: bool) -> None:
    """Delete all versions of the artifact KEY, or the one of an id."""
    from headrace.client import saved

    if (key is None) == (id is None):
        raise click.UsageError("give either a KEY or --id")
    if id is None and is_id(key or ""):
        id = key
    if id is not None:
        confirm(f"artifact {id}", yes)
        perform(saved.delete_artifact(id))
        show_line(f"Deleted artifact {id}.", err=True)
        return
    ids = [one["id"] for one in _versions(str(key))]
    if not ids:
        fail(f"there is no artifact {key!r}; see `headrace artifact ls`")
    confirm(f"artifact {key!r}, of which there are {len(ids)}", yes)
    delete_all(ids)
    show_line(f"Deleted artifact {key!r}: {len(ids)} of it.", err=True)


def delete_all(ids: list[str]) -> None:
    """Delete artifacts; one that is gone already is as it should be."""
    from headrace.client import Client, saved

    with Client() as client:
        for each in ids:
            try:
                client.perform(saved.delete_artifact(each))
            except ServiceError as error:
                if error.code != "NotFound":
                    fail(str(error))


def _versions(key: str) -> list[dict[str, Any]]:
    from headrace.client import saved

    return perform_all(lambda after: saved.artifacts({"keys": [key]}, after=after))
