"""Blocks: saved configurations, each of a type and with a name within it.

A block may hold others: in its data, `{"$ref": {"block_document_id": id}}` stands for one; see
`block_data`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace.records import Name, Text, now_micros, read_at_once
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import Block, BlockType
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset
from headrace_service.ledger.revisions import check_revision
from headrace_service.ledger.statements import put

_NAME, MAX_NAME = re.compile(r"[a-z0-9-]+"), 1024


class BlockTypeRow(msgspec.Struct, frozen=True):
    """A type of blocks. `fields` is a JSON schema; times are in microseconds since 1970 UTC."""

    slug: str
    name: str
    description: str | None
    fields: str
    created_at: int
    updated_at: int


class BlockRow(msgspec.Struct, frozen=True):
    """A block. `data` is JSON with its secrets; times are in microseconds since 1970 UTC."""

    id: UUID
    type_slug: str
    name: str
    is_anonymous: bool
    data: str
    created_at: int
    updated_at: int
    revision: int = 1


class NewBlockType(msgspec.Struct, frozen=True):
    """What a class of blocks says of itself."""

    slug: Name
    name: Name
    description: Text | None
    fields: dict[str, Any]


class SecretFields(msgspec.Struct):
    """What the JSON schema of a type says beside its fields."""

    secret_fields: list[str] = []


read_at_once(SecretFields)


class BlockWhere(msgspec.Struct, frozen=True):
    """Which blocks are wanted; what is None does not matter."""

    type_slug: str | None = None
    name_contains: str | None = None
    with_anonymous: bool = False


_COLUMNS = tuple(getattr(Block, name) for name in BlockRow.__struct_fields__)
_TYPE_COLUMNS = tuple(getattr(BlockType, name) for name in BlockTypeRow.__struct_fields__)


def register_block_type(db: peewee.Database, new: NewBlockType) -> BlockTypeRow:
    """Make a type known, or bring what is known of it up to date.

    Raises:
        InvalidInput: what it says is secret is no list of paths.
    """
    try:
        msgspec.convert(new.fields, SecretFields)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"type.fields: {error}", "type.fields") from None
    found = block_type_by_slug(db, new.slug)
    fields = json_text(new.fields)
    said = (new.name, new.description, fields)
    if found is not None and (found.name, found.description, found.fields) == said:
        return found
    now = now_micros()
    created = now if found is None else found.created_at
    row = BlockTypeRow(new.slug, *said, created, now)
    put(db, BlockType, msgspec.structs.asdict(row))
    return row


def save_block(
    db: peewee.Database,
    new_type: NewBlockType,
    name: str | None,
    data: dict[str, Any],
    overwrite: bool,
    expected: int | None = None,
    idempotency_key: str | None = None,
) -> BlockRow:
    """Save a block and make its type known; without `overwrite`, only under a name that is free.

    Args:
        db: the writer's database, inside a transaction.
        new_type: what its class says of itself.
        name: its name; None for one that is known by its id alone.
        data: its fields.
        overwrite: whether it may take the place of what was saved under its name.
        expected: the revision that was seen of that, if it is to count.
        idempotency_key: saved again under the same key, it is the block that was saved before.

    Raises:
        InvalidInput: the name cannot be used.
        Conflict: the name is taken, or was saved to since.
    """
    if name is not None and not (_NAME.fullmatch(name) and len(name) <= MAX_NAME):
        raise InvalidInput(
            f"a block's name is made of up to {MAX_NAME} lowercase letters, numbers and dashes; "
            f"{name[:80]!r} is not",
            "name",
        )
    once = Once("saveBlock", idempotency_key, (new_type, name, data))
    if (made := once.made(db)) is not None and (saved := block_by_id(db, made)) is not None:
        return saved
    found = None if name is None else block_by_name(db, new_type.slug, name)
    if found is not None and not overwrite:
        raise Conflict(f"there is a {new_type.slug} block {name!r} already", "name")
    if found is not None:
        check_revision(f"{new_type.slug} block {name!r}", found.revision, expected)
    register_block_type(db, new_type)
    now = now_micros()
    block_id = uuids.uuid7() if found is None else found.id
    row = BlockRow(
        block_id,
        new_type.slug,
        f"anonymous-{block_id}" if name is None else name,
        name is None,
        json_text(data),
        now if found is None else found.created_at,
        now,
        1 if found is None else found.revision + 1,
    )
    put(db, Block, msgspec.structs.asdict(row))
    if made is None:
        once.note(db, row.id)
    return row


def delete_block(db: peewee.Database, block_id: UUID) -> UUID:
    """Delete a block; its id.

    Raises:
        NotFound: there is none of that id.
    """
    if not Block.delete().where(Block.id == block_id).execute(db):
        raise NotFound(f"there is no block {block_id}", "id")
    return block_id


def block_type_by_slug(db: peewee.Database, slug: str) -> BlockTypeRow | None:
    """The type of that slug, if it is known."""
    query = BlockType.select(*_TYPE_COLUMNS).where(BlockType.slug == slug)
    return next((BlockTypeRow(*row) for row in query.tuples().execute(db)), None)


def block_types_by_slug(db: peewee.Database, slugs: Sequence[str]) -> list[BlockTypeRow | None]:
    """The type of each slug; None where it is not known."""
    query = BlockType.select(*_TYPE_COLUMNS).where(BlockType.slug.in_(list(slugs)))
    found = {row[0]: BlockTypeRow(*row) for row in query.tuples().execute(db)}
    return [found.get(slug) for slug in slugs]


def page_of_block_types(db: peewee.Database, page: Page) -> Slice[BlockTypeRow]:
    """A page of the types, by slug."""
    query = keyset(BlockType.select(*_TYPE_COLUMNS), BlockType.slug, page, newest_first=False)
    rows = [BlockTypeRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def block_by_name(db: peewee.Database, type_slug: str, name: str) -> BlockRow | None:
    """The block of that type and name, if there is one."""
    query = Block.select(*_COLUMNS).where(Block.type_slug == type_slug, Block.name == name)
    return next((BlockRow(*row) for row in query.tuples().execute(db)), None)


def block_by_id(db: peewee.Database, block_id: UUID) -> BlockRow | None:
    """The block of that id, if there is one."""
    query = Block.select(*_COLUMNS).where(Block.id == block_id)
    return next((BlockRow(*row) for row in query.tuples().execute(db)), None)


def blocks_by_id(db: peewee.Database, ids: Collection[UUID]) -> list[BlockRow]:
    """The blocks of these ids that there are."""
    query = Block.select(*_COLUMNS).where(Block.id.in_(list(ids)))
    return [BlockRow(*row) for row in query.tuples().execute(db)]


def page_of_blocks(db: peewee.Database, page: Page, where: BlockWhere) -> Slice[BlockRow]:
    """A page of the blocks, newest first."""
    query = Block.select(*_COLUMNS)
    if where.type_slug is not None:
        query = query.where(Block.type_slug == where.type_slug)
    if where.name_contains:
        query = query.where(Block.name.contains(where.name_contains))
    if not where.with_anonymous:
        query = query.where(~Block.is_anonymous)
    query = keyset(query, Block.id, page, newest_first=True)
    rows = [BlockRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))
