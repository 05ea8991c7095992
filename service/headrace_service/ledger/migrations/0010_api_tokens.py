"""Named tokens, by which a service knows who asks."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class ApiToken(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField()
    digest = peewee.TextField(unique=True)
    prefix = peewee.TextField()
    scope = peewee.TextField()
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)
    last_used_at = peewee.BigIntegerField(null=True)
    revoked_at = peewee.BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "api_token"


ApiToken.add_index(
    ApiToken.name, name="api_token_in_use", unique=True, where=ApiToken.revoked_at.is_null()
)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([ApiToken]):
        db.create_tables([ApiToken])
