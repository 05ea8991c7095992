"""`headrace block`: what programs have saved as blocks, and the types of these."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli.finding import is_id
from headrace.cli.looks import moment, readable_json
from headrace.cli.output import (
    confirm,
    fail,
    found,
    json_option,
    perform,
    perform_all,
    show_data,
    show_fields,
    show_json,
    show_line,
    show_list,
    show_table,
)


@click.group()
def command() -> None:
    """Look at the blocks that programs have saved, and delete them."""


@command.command("ls")
@click.option("--type", "kind", help="Only blocks of the type with this slug.")
@json_option
def list_blocks(kind: str | None, as_json: bool) -> None:
    """List the blocks, the newest first; what is secret is not shown."""
    from headrace.client import saved

    where: dict[str, object] = {} if kind is None else {"typeSlug": kind}
    listed = perform_all(lambda after: saved.blocks(where, after=after))
    show_list(
        listed,
        as_json,
        ("SLUG", "ID", "TYPE", "UPDATED"),
        lambda one: (_slug(one), one["id"], one["type"]["name"], moment(one["updatedAt"])),
    )


@command.command()
@click.argument("slug", required=False)
@click.option("--id", "id", help="Its id, in place of the slug.")
@json_option
def inspect(slug: str | None, id: str | None, as_json: bool) -> None:
    """Show the block SLUG, which is TYPE/NAME; what is secret is not shown."""
    one = _find(slug, id)
    if as_json:
        show_json(one)
        return
    data = one.pop("data")
    del one["type"]
    show_fields(one)
    click.echo()
    show_data(
        {
            name: each if isinstance(each, str) else readable_json(each)
            for name, each in data.items()
        }
    )


@command.command()
@click.argument("slug", required=False)
@click.option("--id", "id", help="Its id, in place of the slug.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(slug: str | None, id: str | None, yes: bool) -> None:
    """Delete the block SLUG, which is TYPE/NAME."""
    from headrace.client import saved

    one = _find(slug, id)
    confirm(f"block {_slug(one)}", yes)
    perform(saved.delete_block(one["id"]))
    show_line(f"Deleted block {_slug(one)}.", err=True)


@command.group("type")
def types() -> None:
    """Look at the types of blocks."""


@types.command("ls")
@json_option
def list_types(as_json: bool) -> None:
    """List the types of blocks by slug."""
    from headrace.client import saved

    listed = perform_all(lambda after: saved.block_types(after=after))
    show_list(
        listed,
        as_json,
        ("SLUG", "NAME", "DESCRIPTION"),
        lambda one: (one["slug"], one["name"], one["description"]),
    )


@types.command("inspect")
@click.argument("slug")
@json_option
def inspect_type(slug: str, as_json: bool) -> None:
    """Show the type of blocks with this slug, and the fields that it has."""
    from headrace.client import saved

    one = found(perform(saved.block_type(slug)), f"type of blocks {slug!r}")
    if as_json:
        show_json(one)
        return
    fields = one.pop("fields")
    show_fields(one)
    click.echo("\nFields")
    secret = set(fields.get("secret_fields", ()))
    rows = [
        (name, each.get("type"), name in fields.get("required", ()), name in secret)
        for name, each in fields.get("properties", {}).items()
    ]
    show_table(("NAME", "TYPE", "REQUIRED", "SECRET"), rows)


def _slug(block: dict[str, Any]) -> str:
    return f"{block['typeSlug']}/{block['name'] or '(anonymous)'}"


def _find(slug: str | None, id: str | None) -> dict[str, Any]:
    """The block of a slug or of an id, without what is secret."""
    from headrace.client import saved

    if (slug is None) == (id is None):
        raise click.UsageError("give either a SLUG or --id")
    if slug is not None and is_id(slug):
        id = slug
    if id is not None:
        return found(perform(saved.block(id=id, with_secrets=False)), f"block {id}")
    kind, slash, name = str(slug).partition("/")
    if not slash:
        fail(f"{slug!r} is no slug of a block; one is secret/my-password")
    asked = saved.block(type_slug=kind, name=name, with_secrets=False)
    return found(perform(asked), f"block {slug!r}; see `headrace block ls`")
