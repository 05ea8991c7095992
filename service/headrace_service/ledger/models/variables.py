"""What programs share or leave for people: variables and artifacts."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class Variable(Table):
    """A named value that programs share. `value` is JSON, `tags` a JSON list of texts."""

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    value = peewee.TextField()
    tags = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "variable"
        without_rowid = True


class Artifact(Table):
    """Something that a run made for people to look at. `data` is JSON.

    Artifacts with the same key are versions of one thing, of which the newest counts.
    """

    id = IdField(primary_key=True)
    key = peewee.TextField(null=True)
    type = peewee.TextField(null=True)
    description = peewee.TextField(null=True)
    data = peewee.TextField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "artifact"
        without_rowid = True


Artifact.add_index(Artifact.key, Artifact.id, where=Artifact.key.is_null(False))
Artifact.add_index(Artifact.flow_run_id, Artifact.id, where=Artifact.flow_run_id.is_null(False))
Artifact.add_index(Artifact.task_run_id, Artifact.id, where=Artifact.task_run_id.is_null(False))
