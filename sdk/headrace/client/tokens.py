"""Operations on API tokens."""

from __future__ import annotations

from headrace.client.operations import ERROR, Change, Object, Operation

_TOKEN = "id name prefix scope createdAt expiresAt lastUsedAt revokedAt"


def create_token(name: str, scope: str, expires_at: str | None = None) -> Operation[Object]:
    """Make a token; `secret` in the answer is what is to be presented, and is told only now.

    Args:
        name: who or what is to use it.
        scope: "READ", "RUN" or "ADMIN".
        expires_at: until when it counts, as ISO-8601 text; None is for ever.
    """
    document = (
        "mutation ($name: String!, $scope: ApiTokenScope!, $expiresAt: DateTime) { "
        "createApiToken(name: $name, scope: $scope, expiresAt: $expiresAt) "
        f"{{ ... on NewApiToken {{ secret token {{ {_TOKEN} }} }} {ERROR} }} }}"
    )
    given: dict[str, object] = {"name": name, "scope": scope, "expiresAt": expires_at}
    return Change(document, given, "createApiToken")


def tokens(include_revoked: bool = False) -> Operation[list[Object]]:
    """The tokens, newest first."""
    document = f"query ($all: Boolean!) {{ apiTokens(includeRevoked: $all) {{ {_TOKEN} }} }}"
    return Operation(document, {"all": include_revoked}, "apiTokens")


def revoke_token(name: str) -> Operation[Object]:
    """Let the token of that name count no more."""
    document = (
        "mutation ($name: String!) { revokeApiToken(name: $name) "
        f"{{ ... on ApiToken {{ {_TOKEN} }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "revokeApiToken")
