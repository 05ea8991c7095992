"""API tokens."""

from __future__ import annotations

import enum

import strawberry

from headrace_service.api.scalars import DateTime
from headrace_service.ledger.tokens import Scope, TokenRow


@strawberry.enum(description="What a token allows; each allows what those before it do.")
class ApiTokenScope(enum.Enum):
    """The scopes."""

    READ = strawberry.enum_value(Scope.READ, description="To look, at all but secrets.")
    RUN = strawberry.enum_value(Scope.RUN, description="To record, create and execute runs.")
    ADMIN = strawberry.enum_value(Scope.ADMIN, description="Everything.")


@strawberry.type(description="A token by which the service knows who asks.")
class ApiToken:
    """A token; not the text that is presented, which is shown once."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    prefix: str = strawberry.field(description="How it begins, by which people tell it.")
    scope: ApiTokenScope = strawberry.field(description="What it allows.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    expires_at: DateTime | None = strawberry.field(description="Until when it counts.")
    last_used_at: DateTime | None = strawberry.field(
        description="When it was last presented, to the minute."
    )
    revoked_at: DateTime | None = strawberry.field(description="Since when it counts no more.")

    @classmethod
    def of(cls, row: TokenRow) -> ApiToken:
        """The token of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            prefix=row.prefix,
            scope=ApiTokenScope(Scope(row.scope)),
            created_at=DateTime(row.created_at),
            expires_at=_time(row.expires_at),
            last_used_at=_time(row.last_used_at),
            revoked_at=_time(row.revoked_at),
        )


def _time(at: int | None) -> DateTime | None:
    return None if at is None else DateTime(at)
