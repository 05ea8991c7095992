"""Making, changing and deleting artifacts."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
    refusal,
)
from headrace_service.api.scalars import JSON
from headrace_service.api.types.artifact import Artifact
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import artifacts
from headrace_service.ledger.decode import checked
from headrace_service.ledger.errors import Refused

ArtifactResult = Annotated[
    Artifact | NotFound | Conflict | InvalidInput,
    strawberry.union("ArtifactResult", description="What became of an artifact."),
]


@strawberry.input(description="What an artifact is made of.")
class NewArtifact:
    """A new artifact."""

    data: JSON | None = strawberry.field(default=None, description="What it shows.")
    key: str | None = strawberry.field(
        default=None, description="What it is known by: lowercase letters, numbers, dashes."
    )
    type: str | None = strawberry.field(
        default=None, description="How it is shown: markdown, table, progress, image or another."
    )
    description: str | None = strawberry.field(default=None, description="What it is.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The flow run that makes it."
    )
    task_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The task run that makes it."
    )


@strawberry.input(description="What is to change; what is left out stays.")
class ArtifactChanges:
    """Changes of an artifact."""

    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="What it shows from now on."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What it is.")


@strawberry.type(description="Making, changing and deleting artifacts.")
class ArtifactMutations:
    """Mutations of artifacts."""

    @strawberry.mutation(
        description="Make an artifact: a newer version of those that have its key."
    )
    async def create_artifact(
        self,
        info: Info,
        artifact: Annotated[NewArtifact, strawberry.argument(description="The artifact.")],
        idempotency_key: IdempotencyKey = None,
    ) -> ArtifactResult:
        """Make one."""
        flow_run, task_run = artifact.flow_run_id, artifact.task_run_id
        new = artifacts.NewArtifact(
            data=artifact.data,
            key=artifact.key,
            type=artifact.type,
            description=artifact.description,
            flow_run_id=None if flow_run is None else parse_id(flow_run, "artifact.flowRunId"),
            task_run_id=None if task_run is None else parse_id(task_run, "artifact.taskRunId"),
        )
        try:
            row = await info.context.ledger.awrite(
                artifacts.create_artifact, checked(new), idempotency_key
            )
        except Refused as refused:
            return refusal(refused)
        return Artifact.of(row)

    @strawberry.mutation(description="Change what an artifact shows.")
    async def update_artifact(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
        changes: Annotated[ArtifactChanges, strawberry.argument(description="What changes.")],
        expected_revision: ExpectedRevision = None,
    ) -> ArtifactResult:
        """Change one."""
        given = {"data": changes.data, "description": changes.description}
        wanted: dict[str, Any] = {
            name: value for name, value in given.items() if value is not strawberry.UNSET
        }
        try:
            row = await info.context.ledger.awrite(
                artifacts.update_artifact, parse_id(id), expected=expected_revision, **wanted
            )
        except Refused as refused:
            return refusal(refused)
        return Artifact.of(row)

    @strawberry.mutation(description="Delete an artifact.")
    async def delete_artifact(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> DeleteResult:
        """Delete one."""
        try:
            found = await info.context.ledger.awrite(artifacts.delete_artifact, parse_id(id))
        except Refused as refused:
            return refusal(refused)
        return deleted(found)
