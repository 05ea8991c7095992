"""What all things with an id have in common."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="A thing that can be asked for by its id.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(description="Its id, a UUID.")
