"""The messages that tell how things stand."""

from __future__ import annotations

from typing import Any

import strawberry

from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.scalars import Cursor
from headrace_service.api.types.concurrency_limit import ConcurrencyLimit
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.state import StateCount
from headrace_service.api.types.work import Worker
from headrace_service.ledger.glances import Changes

_CURSOR = "Where the feed of events stood: follow that `after` it to hear what came then."
_DELETED = "The ids of those that were told of and are no longer there."


def place_of(changes: Changes[Any]) -> Cursor:
    """The cursor of a message."""
    return encode_cursor(Place.EVENT, changes.seen.cursor)


def ids_of(changes: Changes[Any]) -> list[strawberry.ID]:
    """The ids of what is gone."""
    return [strawberry.ID(str(key)) for key in changes.gone]


@strawberry.type(description="How many runs there are.")
class Counts:
    """A message of the feed of counts."""

    flow_runs: list[StateCount] = strawberry.field(
        description="How many flow runs are in states of each type, those of 0 included."
    )
    cursor: Cursor = strawberry.field(description=_CURSOR)


@strawberry.type(description="Concurrency limits that have changed; at first, all of them.")
class ConcurrencyLimitChanges:
    """A message of the feed of limits."""

    limits: list[ConcurrencyLimit] = strawberry.field(description="The limits, by name.")
    deleted_ids: list[strawberry.ID] = strawberry.field(description=_DELETED)
    cursor: Cursor = strawberry.field(description=_CURSOR)


@strawberry.type(description="Workers that have come or gone; at first, all of them.")
class WorkerChanges:
    """A message of the feed of workers."""

    workers: list[Worker] = strawberry.field(description="The workers.")
    deleted_ids: list[strawberry.ID] = strawberry.field(description=_DELETED)
    cursor: Cursor = strawberry.field(description=_CURSOR)


@strawberry.type(description="Deployments that have changed; at first, all of them.")
class DeploymentChanges:
    """A message of the feed of deployments."""

    deployments: list[Deployment] = strawberry.field(description="The deployments.")
    deleted_ids: list[strawberry.ID] = strawberry.field(description=_DELETED)
    cursor: Cursor = strawberry.field(description=_CURSOR)
