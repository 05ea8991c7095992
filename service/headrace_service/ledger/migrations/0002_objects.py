"""Variables, artifacts and blocks.

A frozen copy of the models as they were, so that later changes of `models.py` do not change what
this step makes.
"""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Variable(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    value = peewee.TextField()
    tags = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "variable"
        without_rowid = True


class Artifact(peewee.Model):
    id = IdField(primary_key=True)
    key = peewee.TextField(null=True)
    type = peewee.TextField(null=True)
    description = peewee.TextField(null=True)
    data = peewee.TextField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "artifact"
        without_rowid = True


Artifact.add_index(Artifact.key, Artifact.id, where=Artifact.key.is_null(False))
Artifact.add_index(Artifact.flow_run_id, Artifact.id, where=Artifact.flow_run_id.is_null(False))
Artifact.add_index(Artifact.task_run_id, Artifact.id, where=Artifact.task_run_id.is_null(False))


class BlockType(peewee.Model):
    slug = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField(null=True)
    fields = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "block_type"
        without_rowid = True


class Block(peewee.Model):
    id = IdField(primary_key=True)
    type_slug = peewee.TextField()
    name = peewee.TextField()
    is_anonymous = peewee.BooleanField()
    data = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "block"
        without_rowid = True
        indexes = ((("type_slug", "name"), True),)


TABLES = (Variable, Artifact, BlockType, Block)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
