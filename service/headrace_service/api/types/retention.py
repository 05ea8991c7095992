"""How long things are kept, and what was deleted for its age."""

from __future__ import annotations

import strawberry

from headrace_service.api.scalars import DateTime
from headrace_service.ledger.retention import Progress


@strawberry.type(description="How long things of one kind are kept, and what has gone.")
class RetentionProgress:
    """What retention does to things of one kind."""

    kind: str = strawberry.field(
        description="`run` (with all that hangs on it), `event`, `log`, `stream` (what is "
        "remembered of processes), `key` (idempotency keys) or `bundle`."
    )
    keep_days: float = strawberry.field(description="For how many days; 0 is for ever.")
    deleted_rows: float = strawberry.field(description="How many rows have gone so far.")
    swept_at: DateTime | None = strawberry.field(
        description="When everything that was due was gone; null when that was never."
    )

    @classmethod
    def of(cls, row: Progress) -> RetentionProgress:
        """The type's value of a row."""
        return cls(
            kind=row.kind,
            keep_days=row.keep_days,
            deleted_rows=float(row.deleted),
            swept_at=None if row.swept_at is None else DateTime(row.swept_at),
        )
