"""Runs of deployments that stand in line for slots, and those that are behind them.

Of the runs that need the same slots (those of one deployment, queue and key) the first stands in
the lines of its limits; to ask for the others as well would bring nobody on, and there may be
thousands. So they are told, once, that they wait, and are looked at when the first has got on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import peewee

from headrace.records import FlowRunChanged, StateChange, StateType, now_micros
from headrace_service.admission import SECOND
from headrace_service.ledger.desk import Desk, Queue
from headrace_service.ledger.lines import WAITER_LEASE
from headrace_service.ledger.models import NO_ID, FlowRun, Slot, Waiter
from headrace_service.ledger.notices import tell_given_slots
from headrace_service.ledger.run_limits import Place
from headrace_service.ledger.state_changes import change_states
from headrace_service.ledger.statements import portions
from headrace_service.rules import Actor

#: Runs that are told in one transaction that they have to wait, or are not wanted.
TOLD = 500

#: Shares that one query is to pass over: what a statement takes is bounded.
MOST = 4_000

AWAITING = "AwaitingConcurrencySlot"

#: The place of a run in the line of its key: when it is due, less its head start.
RANK = FlowRun.scheduled_time - FlowRun.priority * SECOND

_KEY = peewee.fn.COALESCE(FlowRun.limit_key, "")
_QUEUE = peewee.fn.COALESCE(FlowRun.work_queue_id, NO_ID)


class Share(NamedTuple):
    """What runs have in common that need the same slots. Ids are bytes."""

    deployment: bytes
    queue: bytes
    key: str

    @classmethod
    def of(cls, deployment: UUID, queue: UUID | None, key: str) -> Share:
        """The share of a run."""
        return cls(deployment.bytes, NO_ID if queue is None else queue.bytes, key)


class Behind:
    """Which of the runs that are due at the moment `now` are behind one that stands in line."""

    def __init__(self, now: int) -> None:
        ahead: Any = FlowRun.alias("ahead")
        first = Waiter.select(
            ahead.deployment_id.alias("deployment"),
            peewee.fn.COALESCE(ahead.work_queue_id, NO_ID).alias("queue"),
            peewee.fn.COALESCE(ahead.limit_key, "").alias("key"),
            peewee.fn.MIN(Waiter.rank).alias("rank"),
        )
        first = first.join(ahead, on=(ahead.id == Waiter.lease_id)).where(Waiter.until > now)
        self._first = first.group_by(*map(peewee.SQL, "123")).alias("first")
        self._in_line = Waiter.select(Waiter.lease_id).where(Waiter.until > now)
        self._holding = _holding(now)

    def others(self, runs: Any) -> Any:
        """Of these runs, those to be asked for: that are behind nobody, or have got their slots."""
        first = self._first.c
        ahead = first.rank.is_null() | (first.rank > RANK)
        ahead &= FlowRun.id.not_in(self._in_line)
        return self._joined(runs).where(ahead | FlowRun.id.in_(self._holding))

    def these(self, runs: Any) -> Any:
        """Of these runs, those that are behind one, itself among them, and have no slots."""
        behind = self._first.c.rank <= RANK
        return self._joined(runs).where(behind, FlowRun.id.not_in(self._holding))

    def _joined(self, runs: Any) -> Any:
        first = self._first.c
        same = (
            (first.deployment == FlowRun.deployment_id)
            & (first.queue == _QUEUE)
            & (first.key == _KEY)
        )
        return runs.switch(FlowRun).join(self._first, peewee.JOIN.LEFT_OUTER, on=same)


class Shut:
    """Runs for which there is no place, and none in line either: not asked for again in a claim.

    Those that have got their slots by the moment `now` are none of them.
    """

    def __init__(self, now: int) -> None:
        self._without = FlowRun.id.not_in(_holding(now))
        #: Those that are turned away, by what they share; and the deployments and queues of which
        #: none can begin, whatever its key.
        self._turned_away: set[Share] = set()
        self._closed: dict[bool, set[tuple[bytes, bytes]]] = {True: set(), False: set()}

    def note(self, share: Share, place: Place, *, waits: bool) -> None:
        """What there is for a run with that share there is for the others, too.

        `waits` is whether they wait where there is nothing; else they are not wanted.
        """
        if place is Place.NONE:
            self._turned_away.add(share)
        elif place is Place.CLOSED:
            self._closed[waits].add(share[:2])

    def is_full(self) -> bool:
        """Whether no query is to pass over more."""
        return len(self._turned_away) + sum(map(len, self._closed.values())) >= MOST

    def others(self, runs: Any) -> Any:
        """These runs without those."""
        for condition in (self._is_closed(True), self._is_closed(False), self._is_turned_away()):
            if condition is not None:
                runs = runs.where(~(condition & self._without))
        return runs

    def waiting(self, runs: Any) -> list[Any]:
        """Those of these runs that are to wait, as queries."""
        conditions = (self._is_closed(True),)
        return [runs.where(each, self._without) for each in conditions if each is not None]

    def unwanted(self, runs: Any) -> list[Any]:
        """Those of these runs that are not wanted, as queries."""
        conditions = (self._is_closed(False), self._is_turned_away())
        return [runs.where(each, self._without) for each in conditions if each is not None]

    def _is_closed(self, waits: bool) -> Any | None:
        owner = peewee.Tuple(FlowRun.deployment_id, _QUEUE)
        return _among(owner, self._closed[waits])

    def _is_turned_away(self) -> Any | None:
        return _among(peewee.Tuple(FlowRun.deployment_id, _QUEUE, _KEY), self._turned_away)


def _holding(now: int) -> Any:
    """The leases that hold slots."""
    return Slot.select(Slot.lease_id).where(Slot.until > now)


def _among(what: Any, rows: Iterable[tuple[Any, ...]]) -> Any | None:
    listed = sorted(rows)
    return what.in_(peewee.ValuesList(listed)) if listed else None


def stay_in_line(desk: Desk, runs: Any) -> bool:
    """Let those of the runs that stand in line keep their places, and give them what is free.

    Returns whether there are any.
    """
    # Those in line are few, the runs may be many: which of the former they are is the question.
    in_line = Waiter.select(Waiter.lease_id).where(Waiter.until > desk.now)
    query = runs.join(Waiter, on=(Waiter.lease_id == FlowRun.id))
    query = query.where(FlowRun.id.in_(in_line), Waiter.until > desk.now)
    places = query.select(FlowRun.id, Waiter.limit_id, Waiter.until)
    limits: set[UUID] = set()
    fading: set[UUID] = set()
    for lease_id, limit_id, until in places.tuples().execute(desk.db):
        limits.add(limit_id)
        if until < desk.now + WAITER_LEASE // 2:
            fading.add(lease_id)
    for some in portions(sorted(fading)):
        again = Waiter.update(until=desk.now + WAITER_LEASE).where(Waiter.lease_id.in_(some))
        again.execute(desk.db)
    known = map(desk.limit, sorted(limit_id.bytes for limit_id in limits))
    served, _ = desk.serve(Queue(limit) for limit in known if limit is not None)
    tell_given_slots(desk.db, served)
    return bool(limits)


def tell_behind(db: peewee.Database, runs: Any, behind: Behind) -> None:
    """Tell those of the runs that are behind one in line that they wait."""
    _change(db, behind.these(runs), StateType.SCHEDULED, AWAITING)


def tell_shut(db: peewee.Database, runs: Any, shut: Shut) -> None:
    """Tell those of the runs for which there is no place that they wait, or end them."""
    for query in shut.waiting(runs):
        _change(db, query, StateType.SCHEDULED, AWAITING)
    for query in shut.unwanted(runs):
        _change(db, query, StateType.CANCELLED, "Cancelled")


def _change(db: peewee.Database, runs: Any, type: StateType, name: str) -> None:
    query = runs.select(FlowRun.id, FlowRun.run_count).where(FlowRun.state_name != AWAITING)
    message = "Deployment concurrency limit reached."
    changes = [
        FlowRunChanged(run_id, StateChange(type, name, now_micros(), message, count))
        for run_id, count in query.limit(TOLD).tuples().execute(db)
    ]
    change_states(db, changes, Actor.SERVICE)
