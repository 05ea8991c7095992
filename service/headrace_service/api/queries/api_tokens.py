"""Queries about API tokens."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.types.api_token import ApiToken
from headrace_service.ledger.tokens import tokens


@strawberry.type(description="API tokens.")
class ApiTokenQueries:
    """Queries about API tokens."""

    @strawberry.field(
        description="The API tokens, newest first. There are at most 1000, the last that were made."
    )
    async def api_tokens(
        self,
        info: Info,
        include_revoked: Annotated[
            bool, strawberry.argument(description="Also those that were revoked.")
        ] = False,
    ) -> list[ApiToken]:
        """The tokens."""
        rows = await info.context.ledger.aread(tokens, with_revoked=include_revoked)
        info.context.spend(rows)
        return [ApiToken.of(row) for row in rows]
