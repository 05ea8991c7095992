"""Queries about artifacts."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import ids_in, part_in, set_of
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.artifact import Artifact, artifact_connection
from headrace_service.ledger import artifacts


@strawberry.input(description="Which artifacts; what is left out does not matter.")
class ArtifactFilter:
    """Conditions on artifacts; all must hold."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these artifacts."
    )
    keys: list[str] | None = strawberry.field(default=None, description="With one of these keys.")
    key_contains: str | None = strawberry.field(default=None, description="With this in the key.")
    types: list[str] | None = strawberry.field(default=None, description="Of one of these types.")
    flow_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Made by one of these flow runs or by its tasks."
    )
    task_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Made by one of these task runs."
    )
    latest_only: bool = strawberry.field(
        default=False, description="Only the newest of each key, and those without a key."
    )


def artifacts_where(wanted: ArtifactFilter | None) -> artifacts.ArtifactWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return artifacts.ArtifactWhere()
    return artifacts.ArtifactWhere(
        ids=ids_in(wanted.ids, "ids"),
        keys=set_of(wanted.keys, "keys"),
        key_contains=part_in(wanted.key_contains, "keyContains"),
        types=set_of(wanted.types, "types"),
        flow_run_ids=ids_in(wanted.flow_run_ids, "flowRunIds"),
        task_run_ids=ids_in(wanted.task_run_ids, "taskRunIds"),
        latest_only=wanted.latest_only,
    )


@strawberry.type(description="Artifacts.")
class ArtifactQueries:
    """Queries about artifacts."""

    @strawberry.field(description="The artifacts, newest first.")
    async def artifacts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ArtifactFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[Artifact]:
        """A page of the artifacts."""
        page = page_of(Place.ARTIFACT, first, after, last, before)
        where = artifacts_where(filter)
        rows = await info.context.ledger.aread(artifacts.page_of_artifacts, page, where)
        return artifact_connection(info.context, rows)

    @strawberry.field(
        description="An artifact by its id, or the newest of a key; null when there is none."
    )
    async def artifact(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        key: Annotated[str | None, strawberry.argument(description="Its key.")] = None,
    ) -> Artifact | None:
        """One artifact."""
        if (id is None) == (key is None):
            raise InputError("id: give either id or key", "id")
        if key is not None:
            row = await info.context.ledger.aread(artifacts.newest_artifact, key)
        else:
            ids = [parse_id(str(id))]
            (row,) = await info.context.ledger.aread(artifacts.artifacts_by_id, ids)
        return None if row is None else Artifact.of(row)
