"""Who asks: what a presented token allows, and when none is needed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from uuid import UUID

import msgspec

from headrace.records import now_micros
from headrace_service.api.errors import Unauthenticated
from headrace_service.ledger import Ledger
from headrace_service.ledger.tokens import (
    Scope,
    TokenRow,
    digest_of,
    note_denial,
    note_uses,
    token_by_digest,
    tokens,
)
from headrace_service.reach import Auth

logger = logging.getLogger("headrace_service.api")

#: Seconds for which what is known of tokens is taken for granted: what another process revokes
#: counts here after that.
FRESH = 1.0
#: Microseconds between two notes of when a token was last used.
USE_NOTED_EVERY = 60_000_000
#: Seconds between two events about the same denial, and how many denials are told apart.
DENIAL_TOLD_EVERY, DENIALS_KEPT = 60.0, 100


class Caller(msgspec.Struct, frozen=True):
    """Who asks; `token` is None where nobody has to say."""

    scope: Scope
    token: TokenRow | None = None

    @property
    def name(self) -> str | None:
        """The name of the token."""
        return None if self.token is None else self.token.name

    @property
    def described(self) -> str:
        """The caller, for a message about what it may not do."""
        return f"the token {self.name!r} has the scope {self.scope.value!r}"


#: Who may do everything: who has the ledger's file, or may come as they are.
ANYBODY = Caller(Scope.ADMIN)
#: Who started the service for themselves alone.
OWNER = Caller(Scope.ADMIN)


class Gate:
    """Tells who asks by the token that is presented.

    Args:
        ledger: knows the tokens.
        auth: whether a token is needed.
        exposed: whether the service can be reached from elsewhere.
        own: a token that allows everything and is in no ledger: that of whoever started a service
            for themselves alone.
        clock: seconds, for what is remembered.
    """

    def __init__(
        self,
        ledger: Ledger,
        auth: Auth = Auth.AUTO,
        *,
        exposed: bool = False,
        own: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.exposed = exposed
        self._ledger = ledger
        self._auth = Auth.REQUIRED if exposed and auth is Auth.AUTO else auth
        self._own = None if own is None else digest_of(own)
        self._clock = clock
        self._known: asyncio.Future[Mapping[str, TokenRow]] | None = None
        self._known_at = 0.0
        self._uses: dict[UUID, int] = {}
        self._denials = Denials(clock)

    async def caller(self, presented: str | None, address: str | None = None) -> Caller:
        """Who presents the value of an `Authorization` header.

        Args:
            presented: the value; None is none.
            address: where the request comes from, for the event log.

        Raises:
            Unauthenticated: a token is needed, and this is none that counts.
        """
        if self._auth is Auth.OFF:
            return ANYBODY
        known = await self._tokens()
        if self._auth is Auth.AUTO and not known:
            return ANYBODY
        kind, _, secret = (presented or "").strip().partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Unauthenticated(
                "a token is needed: send the header 'Authorization: Bearer TOKEN'; "
                "headrace's own clients take it from HEADRACE_API_TOKEN"
            )
        digest = digest_of(secret.strip())
        if digest == self._own:
            return OWNER
        # One that was made a moment ago, or was revoked, is known to the ledger alone.
        row = known.get(digest) or await self._ledger.aread(token_by_digest, digest)
        if (wrong := _why_not(row)) is not None:
            self.note_denial(row, wrong, address)
            raise Unauthenticated(_WRONG[wrong])
        assert row is not None
        self._note_use(row)
        return Caller(Scope(row.scope), row)

    async def still_admits(self, caller: Caller) -> bool:
        """Whether a caller's token counts still, for what goes on for long."""
        if caller is OWNER:
            return True
        if caller.token is None:
            return self._auth is Auth.OFF or not await self._tokens()
        row = (await self._tokens()).get(caller.token.digest)
        if row is None:
            row = await self._ledger.aread(token_by_digest, caller.token.digest)
        return _why_not(row) is None

    def forget(self) -> None:
        """Ask the ledger anew: tokens have changed."""
        self._known = None

    def note_denial(self, row: TokenRow | None, reason: str, address: str | None) -> None:
        """Tell the event log that a token was presented in vain; seldom, however often it is."""
        earlier = self._denials.due(None if row is None else row.id, reason)
        if earlier is not None:
            self._write(self._ledger.write(note_denial, row, reason, address, earlier))

    async def _tokens(self) -> Mapping[str, TokenRow]:
        """The tokens in use, by their digests; looked up once for all who ask meanwhile."""
        now = self._clock()
        if self._known is None or now - self._known_at > FRESH:
            self._known = asyncio.ensure_future(self._look_up())
            self._known_at = now
        return await asyncio.shield(self._known)

    async def _look_up(self) -> Mapping[str, TokenRow]:
        try:
            return {row.digest: row for row in await self._ledger.aread(tokens)}
        except Exception:
            self.forget()
            raise

    def _note_use(self, row: TokenRow) -> None:
        now = now_micros()
        last = max(self._uses.get(row.id, 0), row.last_used_at or 0)
        if now - last > USE_NOTED_EVERY:
            self._uses[row.id] = now
            self._write(self._ledger.write(note_uses, {row.id: now}))

    def _write(self, written: Future[None]) -> None:
        def tell(future: Future[None]) -> None:
            if (error := future.exception()) is not None:
                logger.warning("what is known of a token's use is not written: %s", error)

        written.add_done_callback(tell)


_WRONG = {
    "unknown": "the token is not known to this service",
    "revoked": "the token was revoked",
    "expired": "the token has expired",
}


def _why_not(row: TokenRow | None) -> str | None:
    if row is None:
        return "unknown"
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= now_micros():
        return "expired"
    return None


class Denials:
    """Counts denials, so that the event log is told of a kind at most once in a while."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[tuple[UUID | None, str], float] = {}
        self._since: dict[tuple[UUID | None, str], int] = {}

    def due(self, token_id: UUID | None, reason: str) -> int | None:
        """How many went untold before this one, which is to be told of; None when it is not."""
        key, now = (token_id, reason), self._clock()
        told = self._told.get(key)
        if told is not None and now - told < DENIAL_TOLD_EVERY:
            self._since[key] = self._since.get(key, 0) + 1
            return None
        if told is None and len(self._told) >= DENIALS_KEPT:
            oldest = min(self._told, key=self._told.__getitem__)
            if now - self._told[oldest] < DENIAL_TOLD_EVERY:
                return None
            del self._told[oldest]
            self._since.pop(oldest, None)
        self._told[key] = now
        return self._since.pop(key, 0)
