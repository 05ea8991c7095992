"""Artifacts."""

from __future__ import annotations

import msgspec
import strawberry

from headrace_service.api.context import Context
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.log import optional_id
from headrace_service.api.types.node import Node
from headrace_service.ledger.artifacts import ArtifactRow
from headrace_service.ledger.queries.paging import Slice


@strawberry.type(description="Something that a run made for people to look at.")
class Artifact(Node):
    """An artifact."""

    key: str | None = strawberry.field(
        description="What it is known by; those with one key are versions of one thing."
    )
    type: str | None = strawberry.field(
        description="How its data is to be shown: markdown, table, progress, image or another."
    )
    description: str | None = strawberry.field(description="What it is, in Markdown.")
    data: JSON | None = strawberry.field(
        description="What it shows: a text, a table as the text of its JSON, a number in percent."
    )
    flow_run_id: strawberry.ID | None = strawberry.field(description="The flow run that made it.")
    task_run_id: strawberry.ID | None = strawberry.field(
        description="The task run that made it, if one did."
    )
    created_at: DateTime = strawberry.field(description="When it was made.")
    updated_at: DateTime = strawberry.field(description="When it was last changed.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: ArtifactRow) -> Artifact:
        """The artifact of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            key=row.key,
            type=row.type,
            description=row.description,
            data=JSON(msgspec.json.decode(row.data)),
            flow_run_id=optional_id(row.flow_run_id),
            task_run_id=optional_id(row.task_run_id),
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )


def artifact_connection(context: Context, rows: Slice[ArtifactRow]) -> Connection[Artifact]:
    """The connection of a page of artifacts."""
    context.spend(rows.rows)
    return connection(rows, Artifact.of, Place.ARTIFACT, lambda row: row.id)
