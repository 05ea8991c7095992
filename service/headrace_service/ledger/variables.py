"""Variables: named JSON values."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace.records import now_micros
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.models import Variable
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.narrowing import has_tag
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset
from headrace_service.ledger.revisions import check_revision
from headrace_service.ledger.statements import put

#: Characters of a name, and of a value or the tags as JSON, at most.
MAX_NAME, MAX_VALUE = 255, 5000
_NAME = re.compile(r"[a-z0-9_-]+")


class VariableRow(msgspec.Struct, frozen=True):
    """A variable. `value` and `tags` are JSON; times are in microseconds since 1970 UTC."""

    id: UUID
    name: str
    value: str
    tags: str
    created_at: int
    updated_at: int
    revision: int = 1


class VariableWhere(msgspec.Struct, frozen=True):
    """Which variables are wanted; what is None does not matter."""

    name_contains: str | None = None
    tags: frozenset[str] = frozenset()


_COLUMNS = tuple(getattr(Variable, name) for name in VariableRow.__struct_fields__)


def set_variable(
    db: peewee.Database,
    name: str,
    value: object,
    tags: list[str],
    overwrite: bool,
    expected: int | None = None,
) -> VariableRow:
    """Give a variable a value; without `overwrite`, only one that is not there yet.

    `expected` is the revision that whoever sets it has seen of it, if that is to count.

    Raises:
        InvalidInput: the name or the value cannot be used.
        Conflict: there is one of that name, and it may not be overwritten, or was since.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise InvalidInput(
            f"a variable's name is made of 1 to {MAX_NAME} lowercase letters, numbers, dashes "
            f"and underscores; {name[:80]!r} is not",
            "name",
        )
    text = json_text(value)
    if len(text) > MAX_VALUE:
        raise InvalidInput(f"the value takes {len(text)} characters, at most {MAX_VALUE}", "value")
    listed = json_text(tags)
    if len(listed) > MAX_VALUE:
        raise InvalidInput(f"the tags take {len(listed)} characters, at most {MAX_VALUE}", "tags")
    found = variable_by_name(db, name)
    if found is not None and not overwrite:
        raise Conflict(f"there is a variable {name!r} already", "name")
    if found is not None:
        check_revision(f"variable {name!r}", found.revision, expected)
    now = now_micros()
    row = VariableRow(
        uuids.uuid7() if found is None else found.id,
        name,
        text,
        listed,
        now if found is None else found.created_at,
        now,
        1 if found is None else found.revision + 1,
    )
    put(db, Variable, msgspec.structs.asdict(row))
    return row


def delete_variable(db: peewee.Database, name: str) -> UUID:
    """Delete a variable; its id.

    Raises:
        NotFound: there is none of that name.
    """
    found = variable_by_name(db, name)
    if found is None:
        raise NotFound(f"there is no variable {name!r}", "name")
    Variable.delete().where(Variable.id == found.id).execute(db)
    return found.id


def variable_by_name(db: peewee.Database, name: str) -> VariableRow | None:
    """The variable of that name, if there is one."""
    query = Variable.select(*_COLUMNS).where(Variable.name == name)
    return next((VariableRow(*row) for row in query.tuples().execute(db)), None)


def page_of_variables(db: peewee.Database, page: Page, where: VariableWhere) -> Slice[VariableRow]:
    """A page of the variables, by name."""
    query = Variable.select(*_COLUMNS)
    if where.name_contains:
        query = query.where(Variable.name.contains(where.name_contains))
    for tag in sorted(where.tags):
        query = query.where(has_tag(Variable.tags, tag))
    query = keyset(query, Variable.name, page, newest_first=False)
    rows = [VariableRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))
