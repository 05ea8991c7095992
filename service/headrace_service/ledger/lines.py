"""Those who wait for limits, as one transaction sees them.

They stand in lines, one for each key that somebody waits with. The heads of a limit's lines are
read together, once, and from then on kept up to date: there may be thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import peewee

from headrace_service.ledger.models import Line, Waiter
from headrace_service.ledger.statements import Insert, Statement

#: Microseconds for which nobody hears of a waiter until it counts as gone.
WAITER_LEASE = 10_000_000

#: Claims of which it is asked together for what they wait.
TOGETHER = 100

_INSERT_WAITER = Insert(Waiter)
_INSERT_LINE = Insert(Line)
_CLAIM = '"lease_id", "occupied", "duration", "client_id", "holder", "key", "rank", "place"'
_FIRST = (
    'FROM "waiter" AS "f" WHERE "f"."limit_id" = {limit} AND "f"."key" = {key} AND "f"."until" > ? '
    'ORDER BY "f"."rank", "f"."place" LIMIT 1'
)
_HEAD = Statement(f"SELECT {_CLAIM} {_FIRST.format(limit='?', key='?')}")
_HEADS = Statement(
    'SELECT {claim} FROM "line" AS "l" JOIN "waiter" AS "w" '
    'ON "w"."limit_id" = "l"."limit_id" AND "w"."place" = (SELECT "f"."place" {first}) '
    'WHERE "l"."limit_id" = ? ORDER BY "l"."turn"'.format(
        claim=", ".join(f'"w".{name}' for name in _CLAIM.split(", ")),
        first=_FIRST.format(limit='"l"."limit_id"', key='"l"."key"'),
    )
)
_HAS_LINE = Statement('SELECT 1 FROM "line" WHERE "limit_id" = ? AND "key" = ?')
_LAST_TURN = Statement('SELECT coalesce(max("turn"), 0) FROM "line" WHERE "limit_id" = ?')
_TO_THE_END = Statement('UPDATE "line" SET "turn" = ? WHERE "limit_id" = ? AND "key" = ?')
_IS_EMPTY = (
    'NOT EXISTS (SELECT 1 FROM "waiter" WHERE "waiter"."limit_id" = "line"."limit_id" '
    'AND "waiter"."key" = "line"."key")'
)
_END_LINE = Statement(f'DELETE FROM "line" WHERE "limit_id" = ? AND "key" = ? AND {_IS_EMPTY}')
_END_LINES = Statement(f'DELETE FROM "line" WHERE "limit_id" = ? AND {_IS_EMPTY}')
_LAST_PLACE = Statement('SELECT coalesce(max("place"), 0) FROM "waiter"')
_STAY = Statement('UPDATE "waiter" SET "until" = ? WHERE "lease_id" = ?')
_PLACES = Statement('SELECT "limit_id", "key", "until" FROM "waiter" WHERE "lease_id" = ?')
_DELETE = Statement('DELETE FROM "waiter" WHERE "lease_id" = ?')
_WAITED_FOR = Statement(
    f'SELECT "lease_id", "limit_id" FROM "waiter" WHERE "lease_id" IN ({", ".join("?" * TOGETHER)})'
)


class Claim(NamedTuple):
    """A lease that is to be: what it wants, as a row of slots or a place in line has it.

    `place` is that in line, 0 for one that stands in none.
    """

    lease_id: bytes
    occupied: int
    duration: int
    client_id: bytes | None
    holder: str
    key: str
    rank: int
    place: int = 0


class Lines:
    """The lines of all limits, at the moment `now`. Limits are known by their ids here."""

    def __init__(self, db: peewee.Database, now: int) -> None:
        self._db = db
        self._now = now
        self._heads: dict[bytes, dict[str, Claim]] = {}
        self._single: dict[tuple[bytes, str], Claim | None] = {}
        self._waited_for: dict[bytes, list[bytes]] = {}

    def heads(self, limit_id: bytes) -> dict[str, Claim]:
        """The first of each line of a limit, by key, in the order of their turns."""
        heads = self._heads.get(limit_id)
        if heads is None:
            rows = map(Claim._make, _HEADS.run(self._db, self._now, limit_id))
            heads = self._heads[limit_id] = {claim.key: claim for claim in rows}
        return heads

    def head(self, limit_id: bytes, key: str) -> Claim | None:
        """The first of one line."""
        if (heads := self._heads.get(limit_id)) is not None:
            return heads.get(key)
        if (limit_id, key) not in self._single:
            self._single[limit_id, key] = self._head(limit_id, key)
        return self._single[limit_id, key]

    def waited_for(self, lease_id: bytes) -> Sequence[bytes]:
        """The limits for which one of those in line waits."""
        if lease_id not in self._waited_for:
            self.ask_for([lease_id])
        return self._waited_for[lease_id]

    def ask_for(self, lease_ids: Iterable[bytes]) -> None:
        """Read for which limits these wait."""
        wanted = [each for each in lease_ids if each not in self._waited_for]
        for start in range(0, len(wanted), TOGETHER):
            some = wanted[start : start + TOGETHER]
            self._waited_for.update((lease_id, []) for lease_id in some)
            places = some + some[:1] * (TOGETHER - len(some))
            for lease_id, limit_id in _WAITED_FOR.run(self._db, *places):
                self._waited_for[lease_id].append(limit_id)

    def join(self, limit_ids: Iterable[bytes], claim: Claim) -> None:
        """Put a claim at the end of its lines."""
        ((last,),) = _LAST_PLACE.run(self._db)
        for limit_id in limit_ids:
            row = (limit_id, last + 1, claim.lease_id, claim.occupied, claim.duration)
            times = (self._now, self._now + WAITER_LEASE)
            about = (claim.client_id, claim.holder, claim.key, claim.rank)
            _INSERT_WAITER.run(self._db, *row, *times, *about)
            if _HAS_LINE.run(self._db, limit_id, claim.key).fetchone() is None:
                _INSERT_LINE.run(self._db, limit_id, claim.key, self._next_turn(limit_id))
            self._look_again(limit_id, claim.key)
        self._waited_for.pop(claim.lease_id, None)

    def stay(self, lease_id: bytes, key: str | None = None) -> bool:
        """Whether a claim has its place in line still; from now on for another while.

        `key` is its own, once heads have been read: it may have lapsed, and be first again.
        """
        stays = bool(_STAY.run(self._db, self._now + WAITER_LEASE, lease_id).rowcount)
        if stays and key is not None:
            for limit_id in {*self._heads, *(limit_id for limit_id, _ in self._single)}:
                self._look_again(limit_id, key)
        return stays

    def leave(self, lease_id: bytes) -> list[tuple[bytes, str, bool]]:
        """Take a claim out of its lines: their limits and keys, and whether its place was good."""
        places = _PLACES.run(self._db, lease_id).fetchall()
        if places:
            _DELETE.run(self._db, lease_id)
            self._waited_for.pop(lease_id, None)
        for limit_id, key, _ in places:
            _END_LINE.run(self._db, limit_id, key)
            self._look_again(limit_id, key)
        return [(limit_id, key, until > self._now) for limit_id, key, until in places]

    def go_last(self, limit_id: bytes, key: str) -> None:
        """Let a line's turn come after that of all others of its limit."""
        _TO_THE_END.run(self._db, self._next_turn(limit_id), limit_id, key)
        heads = self._heads.get(limit_id, {})
        if (head := heads.pop(key, None)) is not None:
            heads[key] = head

    def _next_turn(self, limit_id: bytes) -> int:
        ((turn,),) = _LAST_TURN.run(self._db, limit_id)
        return int(turn) + 1

    def _look_again(self, limit_id: bytes, key: str) -> None:
        """See who is first of a line that has changed, if its limit's heads have been read."""
        self._single.pop((limit_id, key), None)
        heads = self._heads.get(limit_id)
        if heads is None:
            return
        head = self._head(limit_id, key)
        if head is None:
            heads.pop(key, None)
        else:
            heads[key] = head

    def _head(self, limit_id: bytes, key: str) -> Claim | None:
        row = _HEAD.run(self._db, limit_id, key, self._now).fetchone()
        return None if row is None else Claim(*row)


def end_empty_lines(db: peewee.Database, limit_id: bytes) -> None:
    """Forget the lines of a limit in which nobody stands any more."""
    _END_LINES.run(db, limit_id)
