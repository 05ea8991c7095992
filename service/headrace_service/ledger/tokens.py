"""Named tokens: made, looked up by what a caller presents, revoked; and the events that tell of it.

A token is known by its SHA-256 alone. What happens to tokens stands in the event log, among the
events whose names begin with `rows.AUDIT`, which no program can emit.
"""

from __future__ import annotations

import enum
import hashlib
import secrets
from collections.abc import Mapping
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace.records import now_micros
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.models import CUSTOM, ApiToken, Event
from headrace_service.ledger.rows import AUDIT, CustomPayload

#: How a token begins, so that people and programs that look for secrets know it as one.
MARK = "hdr_"
#: Characters of a token that may be shown, its mark included.
SHOWN = len(MARK) + 6
#: Characters of a name at most; tokens that may be in use at most.
MAX_NAME, MOST_TOKENS = 255, 1000


class Scope(enum.Enum):
    """What a token allows; each allows what those before it do."""

    READ = "read"
    RUN = "run"
    ADMIN = "admin"

    def covers(self, needed: Scope) -> bool:
        """Whether it allows what needs the scope `needed`."""
        return _RANK[self] >= _RANK[needed]


_RANK = {scope: rank for rank, scope in enumerate(Scope)}


class TokenRow(msgspec.Struct, frozen=True):
    """A token. Times are in microseconds since 1970 UTC."""

    id: UUID
    name: str
    digest: str
    prefix: str
    scope: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None


_COLUMNS = tuple(getattr(ApiToken, name) for name in TokenRow.__struct_fields__)
_json = msgspec.json.Encoder()


def new_secret() -> str:
    """A token that nobody can guess."""
    return MARK + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What a token is known by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def create_token(
    db: peewee.Database,
    name: str,
    scope: Scope,
    secret: str,
    *,
    expires_at: int | None = None,
    by: str | None = None,
) -> TokenRow:
    """Let a token be known from now on.

    Args:
        db: the database.
        name: its name, which no other token in use has.
        scope: what it allows.
        secret: the token, as `new_secret` makes it.
        expires_at: until when it counts, in microseconds since 1970 UTC; None is for ever.
        by: the name of the token by which this one is made, for the event log.

    Raises:
        InvalidInput: the name or the time cannot be used.
        Conflict: a token of that name is in use, or there are too many.
    """
    now = now_micros()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(f"a token's name has 1 to {MAX_NAME} printable characters", "name")
    if expires_at is not None and not now < expires_at < 2**62:
        raise InvalidInput("the token would have expired already; give a time to come", "expiresAt")
    if token_in_use(db, name) is not None:
        raise Conflict(f"there is a token {name!r} already; revoke it first", "name")
    if len(tokens(db)) >= MOST_TOKENS:
        raise Conflict(f"there are {MOST_TOKENS} tokens already; revoke some", "name")
    row = TokenRow(
        uuids.uuid7(), name, digest_of(secret), secret[:SHOWN], scope.value, now, expires_at
    )
    ApiToken.insert(msgspec.structs.asdict(row)).execute(db)
    _tell(db, "created", row, {"scope": scope.value, "by": by})
    return row


def revoke_token(db: peewee.Database, name: str, *, by: str | None = None) -> TokenRow:
    """Let the token of that name count no more.

    Raises:
        NotFound: no token in use has that name.
    """
    row = token_in_use(db, name)
    if row is None:
        raise NotFound(f"there is no token {name!r} in use", "name")
    revoked = msgspec.structs.replace(row, revoked_at=now_micros())
    ApiToken.update(revoked_at=revoked.revoked_at).where(ApiToken.id == row.id).execute(db)
    _tell(db, "revoked", revoked, {"by": by})
    return revoked


def note_uses(db: peewee.Database, uses: Mapping[UUID, int]) -> None:
    """Remember when tokens were last used: by their ids, in microseconds since 1970 UTC."""
    for token_id, at in uses.items():
        ApiToken.update(last_used_at=at).where(ApiToken.id == token_id).execute(db)


def note_denial(
    db: peewee.Database, row: TokenRow | None, reason: str, address: str | None, earlier: int
) -> None:
    """Tell in the event log that a token was presented in vain.

    Args:
        db: the database.
        row: the token; None is one that nobody knows.
        reason: what was wrong.
        address: where the request came from.
        earlier: how often it happened before, since the last event of the kind.
    """
    _tell(db, "denied", row, {"reason": reason, "address": address, "earlier": earlier})


def tokens(db: peewee.Database, *, with_revoked: bool = False) -> list[TokenRow]:
    """The tokens in use, or the last `MOST_TOKENS` that ever were; newest first."""
    query = ApiToken.select(*_COLUMNS).order_by(ApiToken.id.desc()).limit(MOST_TOKENS)
    if not with_revoked:
        query = query.where(ApiToken.revoked_at.is_null())
    return [TokenRow(*row) for row in query.tuples().execute(db)]


def token_in_use(db: peewee.Database, name: str) -> TokenRow | None:
    """The token of that name that was not revoked, if there is one."""
    return _one(db, ApiToken.name == name, ApiToken.revoked_at.is_null())


def token_by_digest(db: peewee.Database, digest: str) -> TokenRow | None:
    """The token that has the digest, revoked or not."""
    return _one(db, ApiToken.digest == digest)


def _one(db: peewee.Database, *conditions: object) -> TokenRow | None:
    query = ApiToken.select(*_COLUMNS).where(*conditions)
    return next((TokenRow(*row) for row in query.tuples().execute(db)), None)


def _tell(db: peewee.Database, what: str, row: TokenRow | None, payload: dict[str, object]) -> None:
    """Write an event about a token."""
    resource = {"headrace.resource.id": f"{AUDIT}{'unknown' if row is None else row.id}"}
    if row is not None:
        resource["headrace.resource.name"] = row.name
    event = CustomPayload(AUDIT + what, resource, payload=payload)
    columns = {
        Event.at: now_micros(),
        Event.kind: CUSTOM,
        Event.subject_id: uuids.uuid7(),
        Event.payload: _json.encode(event).decode(),
    }
    Event.insert(columns).execute(db)
