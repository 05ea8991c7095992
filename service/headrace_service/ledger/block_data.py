"""What blocks hold: their fields, with the blocks that stand in them, and without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.blocks import (
    BlockRow,
    SecretFields,
    block_types_by_slug,
    blocks_by_id,
)
from headrace_service.ledger.errors import Conflict, NotFound, Refused

#: How deep blocks may stand in one another, and how many may stand in one.
MAX_NESTING, MAX_WITHIN = 20, 500
#: What is shown in the place of a secret.
HIDDEN = "********"


def block_data(db: peewee.Database, row: BlockRow, with_secrets: bool) -> dict[str, Any]:
    """A block's fields, the blocks in it in their places.

    Such a block's fields come with `block_type_slug`, `_block_document_id` and
    `_block_document_name`, which say what it is.

    Args:
        db: the database.
        row: the block.
        with_secrets: whether secrets are shown as they are, or as asterisks.

    Raises:
        NotFound: a block in it was deleted.
        Conflict: blocks stand in one another deeper than `MAX_NESTING`, in a circle it seems, or
            there are more than `MAX_WITHIN` of them.
    """
    (data,) = data_of_blocks(db, [row], with_secrets)
    if isinstance(data, Refused):
        raise data
    return data


def data_of_blocks(
    db: peewee.Database, rows: Sequence[BlockRow], with_secrets: bool
) -> list[dict[str, Any] | Refused]:
    """The fields of each block, as `block_data` has them; or what it raises.

    Blocks that stand in others are read level by level, so that it takes no more statements for
    many blocks than for one.
    """
    known = _with_those_within(db, rows)
    secrets: dict[str, list[list[str]]] = {}
    if not with_secrets:
        slugs = sorted({row.type_slug for row in known.values()})
        for slug, kind in zip(slugs, block_types_by_slug(db, slugs), strict=True):
            said = (
                SecretFields()
                if kind is None
                else msgspec.json.decode(kind.fields, type=SecretFields)
            )
            secrets[slug] = [path.split(".") for path in said.secret_fields]
    found: list[dict[str, Any] | Refused] = []
    for row in rows:
        try:
            found.append(_Reading(known, secrets).fields(row, MAX_NESTING))
        except Refused as refused:
            found.append(refused)
    return found


def _with_those_within(db: peewee.Database, rows: Sequence[BlockRow]) -> dict[UUID, BlockRow]:
    """Blocks by their ids, with those that stand in them, as far as they may be read at all."""
    known = {row.id: row for row in rows}
    level: Sequence[BlockRow] = rows
    for _ in range(MAX_NESTING):
        wanted = {key for row in level for key in _references(row)} - known.keys()
        if not wanted or len(known) > len(rows) * (MAX_WITHIN + 1):
            break
        level = blocks_by_id(db, wanted)
        known |= {row.id: row for row in level}
    return known


def _references(row: BlockRow) -> Iterator[UUID]:
    """The ids of the blocks that stand in one."""
    waiting: list[Any] = [msgspec.json.decode(row.data)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            key = _referred(value)
            if key is None:
                waiting += value.values()
            elif (block_id := _uuid(key)) is not None:
                yield block_id


def _referred(value: dict[str, Any]) -> str | None:
    """What a value says that the block's id is for which it stands; None if it is for none."""
    reference = value.get("$ref")
    if not isinstance(reference, dict) or "block_document_id" not in reference:
        return None
    return str(reference["block_document_id"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class _Reading:
    """One reading of a block, with all that stand in it.

    Args:
        known: blocks by their ids.
        secrets: by the type of a block, the paths of what is not shown.
    """

    def __init__(
        self, known: Mapping[UUID, BlockRow], secrets: Mapping[str, list[list[str]]]
    ) -> None:
        self._known = known
        self._secrets = secrets
        self._left = MAX_WITHIN  # a few blocks that hold each other often could make millions

    def fields(self, row: BlockRow, depth: int) -> dict[str, Any]:
        if depth == 0:
            raise Conflict(f"blocks stand in one another more than {MAX_NESTING} deep", "id")
        data = msgspec.json.decode(row.data, type=dict[str, Any])
        for path in self._secrets.get(row.type_slug, ()):
            hide(data, path)
        return {key: self._put_in(value, row, depth) for key, value in data.items()}

    def _put_in(self, value: Any, row: BlockRow, depth: int) -> Any:
        if isinstance(value, list):
            return [self._put_in(one, row, depth) for one in value]
        if not isinstance(value, dict):
            return value
        key = _referred(value)
        if key is None:
            return {key: self._put_in(one, row, depth) for key, one in value.items()}
        inner = self._within(_uuid(key), row)
        return self.fields(inner, depth - 1) | {
            "block_type_slug": inner.type_slug,
            "_block_document_id": str(inner.id),
            "_block_document_name": inner.name,
        }

    def _within(self, block_id: UUID | None, row: BlockRow) -> BlockRow:
        self._left -= 1
        if self._left < 0:
            raise Conflict(f"more than {MAX_WITHIN} blocks stand in one", "id")
        inner = None if block_id is None else self._known.get(block_id)
        if inner is None:
            raise NotFound(f"the block {row.name!r} holds one that was deleted", "id")
        return inner


def hide(data: Any, path: list[str]) -> None:
    """Put asterisks in the place of what stands at `path`, in place; `*` is every key."""
    if isinstance(data, list):
        for one in data:
            hide(one, path)
    elif isinstance(data, dict):
        for key in list(data) if path[0] == "*" else [path[0]]:
            if data.get(key) is None:
                continue
            if len(path) > 1:
                hide(data[key], path[1:])
            else:
                data[key] = HIDDEN
