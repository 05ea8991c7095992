"""What is asked for under an idempotency key is made once, however often it is asked for."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import now_micros
from headrace_service.ledger.errors import Conflict, InvalidInput
from headrace_service.ledger.models import MadeOnce

#: Characters of a key.
MAX_KEY = 1024


class Once(msgspec.Struct, frozen=True):
    """Something that is to be made, perhaps under a key.

    `operation` names what is done, since keys of different operations have nothing to do with one
    another; `request` is all that is asked for.
    """

    operation: str
    key: str | None
    request: object

    def made(self, db: peewee.Database) -> UUID | None:
        """The id of what was made under the key before, if anything was.

        Raises:
            InvalidInput: the key cannot be used.
            Conflict: something else was asked for under it.
        """
        if self.key is None:
            return None
        if not 1 <= len(self.key) <= MAX_KEY:
            raise InvalidInput(f"idempotencyKey: use 1 to {MAX_KEY} characters", "idempotencyKey")
        query = MadeOnce.select(MadeOnce.made_id, MadeOnce.request).where(
            MadeOnce.operation == self.operation, MadeOnce.key == self.key
        )
        for made_id, request in query.tuples().execute(db):
            if request != self._digest():
                message = f"something else was asked for under the key {self.key[:80]!r}"
                raise Conflict(message, "idempotencyKey")
            return UUID(bytes=made_id.bytes)
        return None

    def forget_deleted(self, db: peewee.Database, model: Any) -> None:
        """Forget what was made under the key if it is no more among the rows of `model`."""
        there = model.select(model.id).where(model.id == MadeOnce.made_id)
        mine = (MadeOnce.operation == self.operation) & (MadeOnce.key == self.key)
        MadeOnce.delete().where(mine, ~peewee.fn.EXISTS(there)).execute(db)

    def note(self, db: peewee.Database, made_id: UUID) -> None:
        """Note what was made."""
        if self.key is None:
            return
        row = {
            MadeOnce.operation: self.operation,
            MadeOnce.key: self.key,
            MadeOnce.request: self._digest(),
            MadeOnce.made_id: made_id,
            MadeOnce.at: now_micros(),
        }
        MadeOnce.insert(row).execute(db)

    def _digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self.request, order="sorted")).hexdigest()
