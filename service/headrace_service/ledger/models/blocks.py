"""Saved configurations, and what their classes say of themselves."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class BlockType(Table):
    """What a class of blocks says of itself. `fields` is its JSON schema.

    `secret_fields` in it lists the paths of what is not shown unless somebody insists.
    """

    slug = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField(null=True)
    fields = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        table_name = "block_type"
        without_rowid = True


class Block(Table):
    """A saved configuration, known by its type and name; `data` is JSON, secrets as they are.

    A value `{"$ref": {"block_document_id": id}}` in it stands for another block.
    """

    id = IdField(primary_key=True)
    type_slug = peewee.TextField()
    name = peewee.TextField()
    is_anonymous = peewee.BooleanField()
    data = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "block"
        without_rowid = True
        indexes = ((("type_slug", "name"), True),)
