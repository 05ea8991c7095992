"""What is given to flow runs while they run."""

from __future__ import annotations

import msgspec
import strawberry

from headrace_service.api.scalars import JSON, DateTime
from headrace_service.ledger.flow_run_inputs import InputRow


@strawberry.type(description="Something that was given to a flow run while it runs.")
class FlowRunInput:
    """An input."""

    key: str = strawberry.field(description="Its key, of which a flow run has one input at most.")
    value: JSON = strawberry.field(description="What was given.")
    sender: str | None = strawberry.field(
        description="Who gave it, such as `headrace.flow-run.ID`, if that was told."
    )
    created_at: DateTime = strawberry.field(description="When it was given.")

    @classmethod
    def of(cls, row: InputRow) -> FlowRunInput:
        """The input of a row."""
        return cls(
            key=row.key,
            value=JSON(msgspec.json.decode(row.value)),
            sender=row.sender,
            created_at=DateTime(row.created_at),
        )
