"""What a mutation answers that deletes."""

from __future__ import annotations

import strawberry


@strawberry.type(description="A thing that is there no longer.")
class Deleted:
    """What was deleted."""

    id: strawberry.ID = strawberry.field(description="The id it had.")
