"""Operations on what is saved under a name: variables, artifacts, blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from headrace.client.operations import ERROR, PAGE, Change, Object, Operation, SafeChange

_VARIABLE = "id name value tags createdAt updatedAt"
_ARTIFACT = "id key type description data flowRunId taskRunId createdAt updatedAt"
_BLOCK_TYPE = "slug name description fields createdAt updatedAt"
_BLOCK = f"id typeSlug name isAnonymous createdAt updatedAt type {{ {_BLOCK_TYPE} }}"


def variable(name: str) -> Operation[Object | None]:
    """A variable by its name; None if there is none."""
    document = f"query ($name: String!) {{ variable(name: $name) {{ {_VARIABLE} }} }}"
    return Operation(document, {"name": name}, "variable")


def set_variable(
    name: str, value: object, tags: Sequence[str], overwrite: bool
) -> Operation[Object]:
    """Give a variable a value; without `overwrite`, only one that is not there yet."""
    document = (
        "mutation ($name: String!, $value: JSON, $tags: [String!], $overwrite: Boolean!) { "
        "setVariable(name: $name, value: $value, tags: $tags, overwrite: $overwrite) "
        f"{{ ... on Variable {{ {_VARIABLE} }} {ERROR} }} }}"
    )
    variables = {"name": name, "value": value, "tags": list(tags), "overwrite": overwrite}
    return Change(document, variables, "setVariable")


def delete_variable(name: str) -> Operation[Object]:
    """Delete a variable."""
    document = (
        "mutation ($name: String!) { deleteVariable(name: $name) "
        f"{{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "deleteVariable")


def variables(first: int = 200, after: str | None = None) -> Operation[Object]:
    """A page of the variables, by name."""
    document = (
        "query ($first: Int, $after: Cursor) { variables(first: $first, after: $after) "
        f"{{ nodes {{ {_VARIABLE} }} {PAGE} }} }}"
    )
    return Operation(document, {"first": first, "after": after}, "variables")


def artifact(id: UUID | str | None = None, key: str | None = None) -> Operation[Object | None]:
    """An artifact by its id, or the newest of a key; None if there is none."""
    document = f"query ($id: ID, $key: String) {{ artifact(id: $id, key: $key) {{ {_ARTIFACT} }} }}"
    given: dict[str, object] = {"id": None if id is None else str(id), "key": key}
    return Operation(document, given, "artifact")


def create_artifact(new: Mapping[str, object]) -> Operation[Object]:
    """Make an artifact; the keys are those of GraphQL's `NewArtifact`."""
    document = (
        "mutation ($new: NewArtifact!) { createArtifact(artifact: $new) "
        f"{{ ... on Artifact {{ {_ARTIFACT} }} {ERROR} }} }}"
    )
    return Change(document, {"new": dict(new)}, "createArtifact")


def update_artifact(id: UUID | str, changes: Mapping[str, object]) -> Operation[Object]:
    """Change what an artifact shows; the keys are those of GraphQL's `ArtifactChanges`."""
    document = (
        "mutation ($id: ID!, $changes: ArtifactChanges!) { "
        "updateArtifact(id: $id, changes: $changes) "
        f"{{ ... on Artifact {{ {_ARTIFACT} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id), "changes": dict(changes)}, "updateArtifact")


def delete_artifact(id: UUID | str) -> Operation[Object]:
    """Delete an artifact."""
    document = (
        f"mutation ($id: ID!) {{ deleteArtifact(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "deleteArtifact")


def artifacts(
    where: Mapping[str, object], first: int = 200, after: str | None = None
) -> Operation[Object]:
    """A page of the artifacts, newest first; `where` is GraphQL's `ArtifactFilter`."""
    document = (
        "query ($where: ArtifactFilter, $first: Int, $after: Cursor) { "
        "artifacts(filter: $where, first: $first, after: $after) "
        f"{{ nodes {{ {_ARTIFACT} }} {PAGE} }} }}"
    )
    given = {"where": dict(where), "first": first, "after": after}
    return Operation(document, given, "artifacts")


def block(
    *,
    id: UUID | str | None = None,
    type_slug: str | None = None,
    name: str | None = None,
    with_secrets: bool = True,
) -> Operation[Object | None]:
    """A block by its id, or by its type and name; None if there is none."""
    document = (
        "query ($id: ID, $type: String, $name: String, $secrets: Boolean!) { "
        "block(id: $id, typeSlug: $type, name: $name) "
        f"{{ {_BLOCK} data(includeSecrets: $secrets) }} }}"
    )
    given: dict[str, object] = {
        "id": None if id is None else str(id),
        "type": type_slug,
        "name": name,
        "secrets": with_secrets,
    }
    return Operation(document, given, "block")


def block_without_data(type_slug: str, name: str) -> Operation[Object | None]:
    """A block, also where one that it holds is gone; None if there is none."""
    document = (
        "query ($type: String!, $name: String!) { "
        f"block(typeSlug: $type, name: $name) {{ {_BLOCK} }} }}"
    )
    return Operation(document, {"type": type_slug, "name": name}, "block")


def save_block(
    type: Mapping[str, object], name: str | None, data: Mapping[str, object], overwrite: bool
) -> Operation[Object]:
    """Save a block; `type` is GraphQL's `NewBlockType`, and becomes known, too."""
    document = (
        "mutation ($type: NewBlockType!, $name: String, $data: JSON!, $overwrite: Boolean!) { "
        "saveBlock(type: $type, name: $name, data: $data, overwrite: $overwrite) "
        f"{{ ... on Block {{ {_BLOCK} }} {ERROR} }} }}"
    )
    given: dict[str, object] = {
        "type": dict(type),
        "name": name,
        "data": dict(data),
        "overwrite": overwrite,
    }
    return Change(document, given, "saveBlock")


def register_block_type(type: Mapping[str, object]) -> Operation[Object]:
    """Make a type of blocks known; `type` is GraphQL's `NewBlockType`."""
    document = (
        "mutation ($type: NewBlockType!) { registerBlockType(type: $type) "
        f"{{ ... on BlockType {{ {_BLOCK_TYPE} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"type": dict(type)}, "registerBlockType")


def delete_block(id: UUID | str) -> Operation[Object]:
    """Delete a block."""
    document = (
        f"mutation ($id: ID!) {{ deleteBlock(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "deleteBlock")


def blocks(
    where: Mapping[str, object],
    *,
    with_secrets: bool = False,
    first: int = 200,
    after: str | None = None,
) -> Operation[Object]:
    """A page of the blocks, newest first; `where` is GraphQL's `BlockFilter`."""
    document = (
        "query ($where: BlockFilter, $secrets: Boolean!, $first: Int, $after: Cursor) { "
        "blocks(filter: $where, first: $first, after: $after) "
        f"{{ nodes {{ {_BLOCK} data(includeSecrets: $secrets) }} {PAGE} }} }}"
    )
    given = {"where": dict(where), "secrets": with_secrets, "first": first, "after": after}
    return Operation(document, given, "blocks")


def block_types(first: int = 200, after: str | None = None) -> Operation[Object]:
    """A page of the types of blocks, by slug."""
    document = (
        "query ($first: Int, $after: Cursor) { blockTypes(first: $first, after: $after) "
        f"{{ nodes {{ {_BLOCK_TYPE} }} {PAGE} }} }}"
    )
    return Operation(document, {"first": first, "after": after}, "blockTypes")


def block_type(slug: str) -> Operation[Object | None]:
    """A type of blocks by its slug; None if there is none."""
    document = f"query ($slug: String!) {{ blockType(slug: $slug) {{ {_BLOCK_TYPE} }} }}"
    return Operation(document, {"slug": slug}, "blockType")
