"""Variables, artifacts and blocks, as programs that look after them ask for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from headrace.client import saved
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.orchestration.translation import artifacts_where
from headrace.client.schemas import answers
from headrace.client.schemas.actions import (
    ArtifactCreate,
    ArtifactUpdate,
    VariableCreate,
    VariableUpdate,
)
from headrace.client.schemas.filters import ArtifactFilter
from headrace.client.schemas.objects import (
    Artifact,
    ArtifactCollection,
    BlockDocument,
    BlockType,
    Variable,
)
from headrace.client.schemas.sorting import ArtifactSort


def create_variable(variable: VariableCreate) -> Asking[Variable]:
    """Make a variable.

    Raises:
        ObjectAlreadyExists: there is one of that name.
    """
    new = variable
    found = yield saved.set_variable(new.name, new.value, new.tags or [], overwrite=False)
    return answers.variable(found)


def read_variable_by_name(name: str) -> Asking[Variable | None]:
    """A variable by its name; None if there is none."""
    found = yield saved.variable(name)
    return None if found is None else answers.variable(found)


def read_variables(limit: int | None = None) -> Asking[list[Variable]]:
    """Variables, by name."""
    rows = yield from everything(lambda after: saved.variables(after=after))
    return cut([answers.variable(row) for row in rows], limit, 0)


def update_variable(variable: VariableUpdate) -> Asking[None]:
    """Change a variable; what is not set stays.

    Raises:
        ObjectNotFound: there is none of that name.
    """
    name = variable.name or ""
    found = found_or_not((yield saved.variable(name)), f"variable {name!r}")
    value = variable.value if "value" in variable.model_fields_set else found["value"]
    tags = found["tags"] if variable.tags is None else variable.tags
    yield saved.set_variable(name, value, tags, overwrite=True)


def delete_variable_by_name(name: str) -> Asking[None]:
    """Delete a variable.

    Raises:
        ObjectNotFound: there is none of that name.
    """
    yield saved.delete_variable(name)


def create_artifact(artifact: ArtifactCreate) -> Asking[Artifact]:
    """Make an artifact."""
    flow_run, task_run = artifact.flow_run_id, artifact.task_run_id
    found = yield saved.create_artifact(
        {
            "key": artifact.key,
            "type": artifact.type,
            "description": artifact.description,
            "data": artifact.data,
            "flowRunId": None if flow_run is None else str(flow_run),
            "taskRunId": None if task_run is None else str(task_run),
        }
    )
    return answers.artifact(found)


def update_artifact(artifact_id: UUID, artifact: ArtifactUpdate) -> Asking[None]:
    """Change what an artifact shows; what is not set stays.

    Raises:
        ObjectNotFound: there is none.
    """
    given = artifact.model_dump(include={"data", "description"}, exclude_unset=True)
    yield saved.update_artifact(artifact_id, given)


def read_artifacts(
    *,
    artifact_filter: ArtifactFilter | None = None,
    sort: ArtifactSort | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[Artifact]]:
    """Artifacts that fit, in an order; the newest first unless another is given."""
    found = yield from _artifacts(artifacts_where(artifact_filter), sort, limit, offset)
    return [answers.artifact(row) for row in found]


def read_latest_artifacts(
    *,
    artifact_filter: ArtifactFilter | None = None,
    sort: ArtifactSort | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[ArtifactCollection]]:
    """The newest artifact of each key, and those without a key; see `read_artifacts`."""
    where = artifacts_where(artifact_filter) | {"latestOnly": True}
    found = yield from _artifacts(where, sort, limit, offset)
    return [answers.artifact_collection(row) for row in found]


def _artifacts(
    where: dict[str, Any], sort: ArtifactSort | None, limit: int | None, offset: int
) -> Asking[list[dict[str, Any]]]:
    if limit == 1 and not offset and sort in (None, ArtifactSort.ID_DESC):
        page = yield saved.artifacts(where, first=1)
        newest: list[dict[str, Any]] = page["nodes"]
        return newest
    rows = yield from everything(lambda after: saved.artifacts(where, after=after))
    if sort in (ArtifactSort.KEY_ASC, ArtifactSort.KEY_DESC):
        rows.sort(key=lambda row: row["key"] or "", reverse=sort is ArtifactSort.KEY_DESC)
    elif sort is ArtifactSort.UPDATED_DESC:
        rows.sort(key=lambda row: row["updatedAt"], reverse=True)
    return cut(rows, limit, offset)


def delete_artifact(artifact_id: UUID) -> Asking[None]:
    """Delete an artifact.

    Raises:
        ObjectNotFound: there is none.
    """
    yield saved.delete_artifact(artifact_id)


def read_block_document(
    block_document_id: UUID, include_secrets: bool = True
) -> Asking[BlockDocument]:
    """A saved block by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield saved.block(id=block_document_id, with_secrets=include_secrets)
    return answers.block_document(found_or_not(found, f"block {block_document_id}"))


def read_block_document_by_name(
    name: str, block_type_slug: str, include_secrets: bool = True
) -> Asking[BlockDocument]:
    """A saved block by its type and name; see `read_block_document`."""
    found = yield saved.block(type_slug=block_type_slug, name=name, with_secrets=include_secrets)
    return answers.block_document(found_or_not(found, f"{block_type_slug} block {name!r}"))


def read_block_documents(
    block_schema_type: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    include_secrets: bool = True,
) -> Asking[list[BlockDocument]]:
    """Saved blocks, the newest first; `block_schema_type` is the slug of a type."""
    where = {} if block_schema_type is None else {"typeSlug": block_schema_type}
    rows = yield from everything(
        lambda after: saved.blocks(where, with_secrets=include_secrets, after=after)
    )
    return cut([answers.block_document(row) for row in rows], limit, offset or 0)


def read_block_documents_by_type(
    block_type_slug: str,
    offset: int | None = None,
    limit: int | None = None,
    include_secrets: bool = True,
) -> Asking[list[BlockDocument]]:
    """Saved blocks of a type; see `read_block_documents`."""
    return (yield from read_block_documents(block_type_slug, offset, limit, include_secrets))


def delete_block_document(block_document_id: UUID) -> Asking[None]:
    """Delete a saved block.

    Raises:
        ObjectNotFound: there is none.
    """
    yield saved.delete_block(block_document_id)


def read_block_types() -> Asking[list[BlockType]]:
    """All types of blocks that are known."""
    rows = yield from everything(lambda after: saved.block_types(after=after))
    return [answers.block_type(row) for row in rows]


def read_block_type_by_slug(slug: str) -> Asking[BlockType]:
    """A type of blocks.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield saved.block_type(slug)
    return answers.block_type(found_or_not(found, f"type of blocks {slug!r}"))
