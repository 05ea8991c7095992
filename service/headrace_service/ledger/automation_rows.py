"""The rows of automations, for those who take them away."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import peewee

from headrace_service.ledger.models import Automation, TriggerCount, TriggerFiring


def forget_counts(db: peewee.Database, *keys: UUID) -> None:
    """Forget what the triggers of automations have counted."""
    for table in (TriggerCount, TriggerFiring):
        table.delete().where(table.automation_id.in_(keys)).execute(db)


def forget(db: peewee.Database, keys: Sequence[UUID]) -> None:
    """Forget automations."""
    forget_counts(db, *keys)
    Automation.delete().where(Automation.id.in_(keys)).execute(db)


def forget_owned(db: peewee.Database, owner: str) -> None:
    """Forget the automations of a resource."""
    query = Automation.select(Automation.id).where(Automation.owner == owner)
    forget(db, [key for (key,) in query.tuples().execute(db)])
