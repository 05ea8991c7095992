"""Artifacts: what runs made for people to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace.records import Name, now_micros
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import InvalidInput, NotFound
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import Artifact
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset
from headrace_service.ledger.revisions import revise

_KEY = re.compile(r"[a-z0-9-]*")


class ArtifactRow(msgspec.Struct, frozen=True):
    """An artifact. `data` is JSON; times are in microseconds since 1970 UTC."""

    id: UUID
    key: str | None
    type: str | None
    description: str | None
    data: str
    flow_run_id: UUID | None
    task_run_id: UUID | None
    created_at: int
    updated_at: int
    revision: int = 1


class NewArtifact(msgspec.Struct, frozen=True):
    """What an artifact is made of; `data` is any JSON value."""

    data: object
    key: Name | None = None
    type: Name | None = None
    description: Annotated[str, msgspec.Meta(max_length=1_000_000)] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ArtifactWhere(msgspec.Struct, frozen=True):
    """Which artifacts are wanted; what is None does not matter."""

    ids: frozenset[UUID] | None = None
    keys: frozenset[str] | None = None
    key_contains: str | None = None
    types: frozenset[str] | None = None
    flow_run_ids: frozenset[UUID] | None = None
    task_run_ids: frozenset[UUID] | None = None
    latest_only: bool = False


_COLUMNS = tuple(getattr(Artifact, name) for name in ArtifactRow.__struct_fields__)


def create_artifact(
    db: peewee.Database, new: NewArtifact, idempotency_key: str | None = None
) -> ArtifactRow:
    """Make an artifact; one with the key of an older one is a newer version of it.

    Raises:
        InvalidInput: the key cannot be used.
        NotFound: it was made under the idempotency key before, and deleted since.
        Conflict: something else was made under the idempotency key.
    """
    once = Once("createArtifact", idempotency_key, new)
    if (made := once.made(db)) is not None:
        return _artifact(db, made)
    if new.key is not None and not _KEY.fullmatch(new.key):
        raise InvalidInput(
            "an artifact's key is made of lowercase letters, numbers and dashes; "
            f"{new.key[:80]!r} is not",
            "key",
        )
    now = now_micros()
    row = ArtifactRow(
        uuids.uuid7(),
        new.key,
        new.type,
        new.description,
        json_text(new.data),
        new.flow_run_id,
        new.task_run_id,
        now,
        now,
    )
    Artifact.insert(msgspec.structs.asdict(row)).execute(db)
    once.note(db, row.id)
    return row


def _artifact(db: peewee.Database, artifact_id: UUID) -> ArtifactRow:
    (row,) = artifacts_by_id(db, [artifact_id])
    if row is None:
        raise NotFound(f"there is no artifact {artifact_id}", "id")
    return row


def update_artifact(
    db: peewee.Database,
    artifact_id: UUID,
    *,
    data: object = msgspec.UNSET,
    description: str | msgspec.UnsetType | None = msgspec.UNSET,
    expected: int | None = None,
) -> ArtifactRow:
    """Change what an artifact shows; what is not given stays.

    Raises:
        NotFound: there is none of that id.
        Conflict: it is not at the revision that is expected.
    """
    _artifact(db, artifact_id)
    revise(db, Artifact, artifact_id, f"artifact {artifact_id}", expected)
    changes: dict[str, object] = {"updated_at": now_micros()}
    if data is not msgspec.UNSET:
        changes["data"] = json_text(data)
    if description is not msgspec.UNSET:
        changes["description"] = description
    Artifact.update(**changes).where(Artifact.id == artifact_id).execute(db)
    return _artifact(db, artifact_id)


def delete_artifact(db: peewee.Database, artifact_id: UUID) -> UUID:
    """Delete an artifact; its id.

    Raises:
        NotFound: there is none of that id.
    """
    if not Artifact.delete().where(Artifact.id == artifact_id).execute(db):
        raise NotFound(f"there is no artifact {artifact_id}", "id")
    return artifact_id


def artifacts_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[ArtifactRow | None]:
    """The artifact of each id; None where there is none."""
    query = Artifact.select(*_COLUMNS).where(Artifact.id.in_(ids))
    found = {row[0]: ArtifactRow(*row) for row in query.tuples().execute(db)}
    return [found.get(artifact_id) for artifact_id in ids]


def newest_artifact(db: peewee.Database, key: str) -> ArtifactRow | None:
    """The newest version of what has that key, if there is one."""
    query = (
        Artifact.select(*_COLUMNS).where(Artifact.key == key).order_by(Artifact.id.desc()).limit(1)
    )
    return next((ArtifactRow(*row) for row in query.tuples().execute(db)), None)


def page_of_artifacts(db: peewee.Database, page: Page, where: ArtifactWhere) -> Slice[ArtifactRow]:
    """A page of the artifacts, newest first."""
    query = Artifact.select(*_COLUMNS)
    for column, wanted in (
        (Artifact.id, where.ids),
        (Artifact.key, where.keys),
        (Artifact.type, where.types),
        (Artifact.flow_run_id, where.flow_run_ids),
        (Artifact.task_run_id, where.task_run_ids),
    ):
        if wanted is not None:
            query = query.where(column.in_(list(wanted)))
    if where.key_contains:
        query = query.where(Artifact.key.contains(where.key_contains))
    if where.latest_only:
        newer = Artifact.alias("newer")
        later = newer.select(newer.id).where(newer.key == Artifact.key, newer.id > Artifact.id)
        query = query.where(~peewee.fn.EXISTS(later))
    query = keyset(query, Artifact.id, page, newest_first=True)
    rows = [ArtifactRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))
