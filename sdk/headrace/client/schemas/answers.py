"""What GraphQL answers, made into objects."""

from __future__ import annotations

from typing import Any

from headrace.client.schemas.objects import Artifact, BlockDocument, BlockType, Variable

Object = dict[str, Any]


def _times(found: Object) -> Object:
    return {"created": found["createdAt"], "updated": found.get("updatedAt")}


def variable(found: Object) -> Variable:
    """A variable."""
    return Variable(
        id=found["id"],
        name=found["name"],
        value=found["value"],
        tags=found["tags"],
        **_times(found),
    )


def artifact(found: Object) -> Artifact:
    """An artifact."""
    return Artifact(
        id=found["id"],
        key=found["key"],
        type=found["type"],
        description=found["description"],
        data=found["data"],
        flow_run_id=found["flowRunId"],
        task_run_id=found["taskRunId"],
        **_times(found),
    )


def block_type(found: Object) -> BlockType:
    """A type of blocks."""
    return BlockType(
        name=found["name"],
        slug=found["slug"],
        description=found["description"],
        fields=found["fields"],
        **_times(found),
    )


def block_document(found: Object) -> BlockDocument:
    """A block."""
    kind = block_type(found["type"])
    return BlockDocument(
        id=found["id"],
        name=found["name"],
        data=found["data"],
        block_type_name=kind.name,
        block_type=kind,
        is_anonymous=found["isAnonymous"],
        **_times(found),
    )
