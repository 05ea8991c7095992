"""Statements that are worded once: peewee would take longer to word them than a database to answer.

Values are given as the database has them: an id as its 16 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import peewee

from headrace_service.ledger.columns import Table

#: From so many rows on, PostgreSQL is given them by COPY.
COPY = 8

#: What PostgreSQL calls the types of our columns.
_TYPES = {
    "RUN_ID": "uuid",
    "TEXT": "text",
    "BIGINT": "int8",
    "INT": "int8",
    "BOOL": "bool",
    "BLOB": "bytea",
    "DOUBLE": "float8",
}

Row = Sequence[Any]

#: Ids in one `IN (…)`: SQLite takes 32,766 values, and a plan is kept for each number of them.
IDS = 500

T = TypeVar("T")


def portions(ids: Iterable[T]) -> Iterator[list[T]]:
    """Ids, as many at a time as one statement is to name."""
    rest = list(ids)
    for start in range(0, len(rest), IDS):
        yield rest[start : start + IDS]


class Statement:
    """A statement with a `?` for each value, and no other `?` or `%`."""

    def __init__(self, text: str) -> None:
        self._texts = {"?": text, "%s": text.replace("?", "%s")}

    def run(self, db: peewee.Database, *values: object) -> Any:
        """Run it; the cursor."""
        return db.connection().execute(self._texts[db.param], values)

    def run_many(self, db: peewee.Database, rows: Sequence[Row]) -> None:
        """Run it with each row of values."""
        if rows:
            db.cursor().executemany(self._texts[db.param], rows)


class Insert(Statement):
    """An `INSERT` of a model's columns, save a generated key and those named in `without`."""

    def __init__(self, model: type[Table], without: frozenset[str] = frozenset()) -> None:
        fields = [
            field
            for field in model._meta.sorted_fields
            if not isinstance(field, peewee.AutoField) and field.column_name not in without
        ]
        self._table: str = model._meta.table_name
        self._types = {field.column_name: _TYPES[field.field_type] for field in fields}
        columns = ", ".join(f'"{name}"' for name in self._types)
        places = ", ".join("?" for _ in self._types)
        super().__init__(f'INSERT INTO "{self._table}" ({columns}) VALUES ({places})')

    def run_many(self, db: peewee.Database, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        copy_rows = getattr(db, "copy_rows", None)  # PostgreSQL's
        if copy_rows is None or len(rows) < COPY:
            super().run_many(db, rows)
        else:
            copy_rows(self._table, self._types, rows)


class Upsert(Statement):
    """An `INSERT` of all of a model's columns that takes the place of a row with the same key."""

    def __init__(self, model: type[Table]) -> None:
        keys = [field.column_name for field in model._meta.get_primary_keys()]
        names = [field.column_name for field in model._meta.sorted_fields]
        columns = ", ".join(f'"{name}"' for name in names)
        places = ", ".join("?" for _ in names)
        kept = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
        target = ", ".join(f'"{name}"' for name in keys)
        super().__init__(
            f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({places}) '
            f"ON CONFLICT ({target}) DO UPDATE SET {kept}"
        )


def put(db: peewee.Database, model: type[Table], values: dict[Any, Any]) -> None:
    """Insert a row, or let it take the place of the one with the same key."""
    meta = model._meta
    names = [each if isinstance(each, str) else each.name for each in values]
    target = meta.get_primary_keys()
    keys = {field.name for field in target}
    kept = [meta.fields[name] for name in names if name not in keys]
    model.insert(values).on_conflict(conflict_target=target, preserve=kept).execute(db)
