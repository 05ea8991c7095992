"""What the ledger's tables are made of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import OPEN_STATES


class IdField(peewee.Field):
    """A UUID: 16 bytes on SQLite, `uuid` on PostgreSQL."""

    field_type = "RUN_ID"

    def db_value(self, value: Any) -> bytes | None:
        """The stored form of a UUID."""
        if value is None or isinstance(value, bytes):
            return value
        return bytes(value.bytes)

    def python_value(self, value: Any) -> UUID | None:
        """The UUID of a stored form."""
        return None if value is None else UUID(bytes=bytes(value))


#: An id that nothing has.
NO_ID = bytes(16)


class Table(peewee.Model):
    """What all tables share."""

    class Meta:
        legacy_table_names = False


def least_id(moment: int) -> UUID:
    """The least id that something made at a moment can have: ids begin with their milliseconds."""
    return UUID(int=max(0, moment // 1000) << 80)


def revision_column() -> peewee.IntegerField:
    """The column that counts the edits of a row, from 1; in the place where it was added."""
    return peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 1")], default=1)


#: What the column `state_type` says of runs that have not ended, as it has it.
OPEN_TYPES = [state.value for state in OPEN_STATES]


def json_text(value: object) -> str:
    """A value as a column of JSON text has it."""
    return msgspec.json.encode(value).decode()
