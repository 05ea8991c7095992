"""Making and revoking API tokens."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.api_token import ApiToken, ApiTokenScope
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import tokens


@strawberry.type(description="A token was made.")
class NewApiToken:
    """A new token, and what is to be presented."""

    secret: str = strawberry.field(
        description="What is to be presented. It is shown this once: the service does not keep it."
    )
    token: ApiToken = strawberry.field(description="What is known of it from now on.")


CreateApiTokenResult = Annotated[
    NewApiToken | NotFound | Conflict | InvalidInput,
    strawberry.union("CreateApiTokenResult", description="The new token, or what is wrong."),
]
RevokeApiTokenResult = Annotated[
    ApiToken | NotFound | Conflict | InvalidInput,
    strawberry.union("RevokeApiTokenResult", description="What became of a token to revoke."),
]


@strawberry.type(description="Making and revoking API tokens.")
class ApiTokenMutations:
    """Mutations of API tokens."""

    @strawberry.mutation(
        description="Make an API token. From then on, requests need one, whoever sends them."
    )
    async def create_api_token(
        self,
        info: Info,
        name: Annotated[
            str, strawberry.argument(description="Its name: who or what is to use it.")
        ],
        scope: Annotated[ApiTokenScope, strawberry.argument(description="What it allows.")],
        expires_at: Annotated[
            DateTime | None,
            strawberry.argument(description="Until when it counts; for ever unless given."),
        ] = None,
    ) -> CreateApiTokenResult:
        """Make one."""
        secret, context = tokens.new_secret(), info.context
        row = await context.ledger.awrite(
            tokens.create_token,
            name,
            tokens.Scope[scope.name],
            secret,
            expires_at=expires_at,
            by=context.caller.name,
        )
        context.tokens_changed()
        return NewApiToken(secret=secret, token=ApiToken.of(row))

    @strawberry.mutation(description="Let an API token count no more, at once.")
    async def revoke_api_token(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> RevokeApiTokenResult:
        """Revoke one."""
        context = info.context
        row = await context.ledger.awrite(tokens.revoke_token, name, by=context.caller.name)
        context.tokens_changed()
        return ApiToken.of(row)
