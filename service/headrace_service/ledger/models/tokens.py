"""The tokens by which a service knows who asks."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table


class ApiToken(Table):
    """A named token, by which a service knows who asks.

    The token itself is kept nowhere: `digest` is its SHA-256 (of 256 random bits, so that nothing
    slower is needed), `prefix` its beginning, by which people tell tokens apart. One that was
    revoked stays, so that its use can be told from that of one that never was; its name is free.
    """

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
        table_name = "api_token"


ApiToken.add_index(
    ApiToken.name, name="api_token_in_use", unique=True, where=ApiToken.revoked_at.is_null()
)
