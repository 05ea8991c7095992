"""What processes tell of themselves before they execute what was claimed for them."""

from __future__ import annotations

from uuid import UUID

import strawberry

from headrace.records import OLDEST_WORKERS, ProcessInfo
from headrace_service.api.context import parse_id
from headrace_service.api.types.user_error import InvalidInput
from headrace_service.ledger.decode import checked


@strawberry.input(description="A process that is about to execute what was claimed for it.")
class ProcessInput:
    """A process."""

    client_id: strawberry.ID = strawberry.field(
        description="The stream by which the process will `record`; it made the id itself."
    )
    host: str = strawberry.field(description="The machine that it runs on.")
    pid: int = strawberry.field(description="Its number there.")
    identity: str = strawberry.field(
        description="What tells it apart from every other process of its machine."
    )
    lease_seconds: float = strawberry.field(
        description="So long it counts as living without a word from it."
    )
    direct: bool = strawberry.field(
        default=False, description="Whether it writes into the ledger's file itself."
    )

    def read(self) -> tuple[UUID, ProcessInfo]:
        """Its stream, and what the ledger is to know of it."""
        about = (self.host, self.pid, self.identity, self.lease_seconds, self.direct)
        return parse_id(self.client_id, "clientId"), checked(ProcessInfo(*about))


def too_old(wire_version: int | None) -> InvalidInput | None:
    """Why a worker of that version is given no runs, if it is so; it may tell none."""
    if wire_version is None or wire_version >= OLDEST_WORKERS:
        return None
    return InvalidInput.of(
        f"the worker speaks wire version {wire_version}, and the service needs {OLDEST_WORKERS} "
        "or newer; upgrade headrace where the worker runs",
        "wireVersion",
    )
