"""Whatever happens in whatever order: never more than allowed, nobody passed, nothing leaked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from headrace.records import SlotHolder, SlotRequest
from headrace_service.ledger import Ledger, concurrency
from headrace_service.ledger.concurrency import WAITER_LEASE, Outcome
from headrace_service.ledger.limits import LimitValues, create_limit, reset_limit, update_limit
from headrace_service.ledger.models import ConcurrencyLimit, Line, Slot, Waiter
from headrace_service.ledger.waiting import Verb
from tests.builders import EPOCH
from tests.postgres import Server

S = 1_000_000
HOLDER = SlotHolder("mill", 7)
PROCESSES = [UUID(int=number) for number in (1, 2)]

#: The rate is a limit beside the others: so many of its slots come back each second.
RATE, DECAY = "rate", 0.1
LIMITS = st.sampled_from([*"abc", RATE])

#: A limit always has as many slots as any request wants, so that each has its turn.
SLOTS = st.integers(2, 4)
TOTALS = st.sampled_from([0, 2, 5])  # 0 is none
OCCUPY = st.integers(1, 2)
NAMES = st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "a"), ("c", "a", "b")])
KEYS = st.sampled_from(["", "", "mill", "forge"])
PRIORITIES = st.sampled_from([0.0, 0.0, 5.0, -3.0])


class Claim(msgspec.Struct):
    """A lease as the model knows it: of a holder, or of one who waits."""

    request: SlotRequest
    rank: int
    place: int
    until: int

    @property
    def names(self) -> set[str]:
        return set(self.request.names)

    def is_before(self, other: Claim) -> bool:
        """Whether it gets slots first, of two with one key that share a limit."""
        return (self.rank, self.place) < (other.rank, other.place)


class Slots(RuleBasedStateMachine):
    """The verbs, against a model that knows who holds, who waits in which order, and until when."""

    requests = Bundle("requests")

    def __init__(self, place: Callable[[], Path | str]) -> None:
        super().__init__()
        self.ledger = Ledger.open(place())
        self.now = EPOCH
        self.asked = 0
        #: How full the rate's share of a key is, and since when.
        self.levels: dict[str, tuple[float, int]] = {}
        self.slots: dict[str, int] = {RATE: 2}
        self.totals: dict[str, int] = {RATE: 0}
        self.holding: dict[UUID, Claim] = {}
        self.waiting: dict[UUID, Claim] = {}

    @initialize(slots=st.tuples(SLOTS, SLOTS, SLOTS), totals=st.tuples(TOTALS, TOTALS, TOTALS))
    def begin(self, slots: tuple[int, ...], totals: tuple[int, ...]) -> None:
        for name, each, total in zip("abc", slots, totals, strict=True):
            self.slots[name], self.totals[name] = each, total
            values = LimitValues(each, total=total)
            self.ledger.write(create_limit, name, values, EPOCH).result()
        values = LimitValues(self.slots[RATE], decay=DECAY)
        self.ledger.write(create_limit, RATE, values, EPOCH).result()

    def teardown(self) -> None:
        self.ledger.close()

    def do(self, verb: Verb) -> Outcome:
        """Perform a verb now, and check what it has granted to those who waited."""
        outcome = self.ledger.write(verb, self.now).result()
        granted = [self.waiting.pop(lease_id) for lease_id in outcome.granted]
        for claim in granted:
            self.hold(claim)
        for claim in granted:
            self.check_grant(claim)
        return outcome

    def hold(self, claim: Claim) -> None:
        if claim.names == {RATE}:
            key = claim.request.key
            self.levels[key] = (self.level(key) + claim.request.occupy, self.now)
            return
        claim.until = self.now + round(claim.request.lease_seconds * S)
        self.holding[claim.request.lease_id] = claim

    def check_grant(self, claim: Claim) -> None:
        """Nobody has more than there is, and none of its key that goes before still waits."""
        for name in claim.names:
            self.check_sums(name, claim.request.key)
        for other in self.waiting.values():
            same = other.request.key == claim.request.key and other.names & claim.names
            assert not (same and other.is_before(claim) and other.until > self.now)

    def check_sums(self, name: str, key: str) -> None:
        assert self.taken(name, key) <= self.slots[name] + 1e-3
        assert self.taken(name) <= (self.totals[name] or 2**31)

    def taken(self, name: str, key: str | None = None) -> float:
        if name == RATE:
            return sum(self.level(each) for each in self.levels if key in (None, each))
        return sum(
            claim.request.occupy
            for claim in self.holding.values()
            if name in claim.names
            and claim.until > self.now
            and (key is None or claim.request.key == key)
        )

    def level(self, key: str) -> float:
        """How many slots of the rate have not come back yet."""
        level, since = self.levels.get(key, (0.0, self.now))
        return max(0.0, level - DECAY * (self.now - since) / S)

    # -- what may happen ------------------------------------------------------------------------

    @rule(
        target=requests,
        names=NAMES,
        occupy=OCCUPY,
        seconds=st.sampled_from([5.0, 60.0]),
        key=KEYS,
        priority=PRIORITIES,
        process=st.sampled_from([None, *PROCESSES]),
        wait=st.sampled_from([True, True, True, False]),
    )
    def ask(
        self,
        names: tuple[str, ...],
        occupy: int,
        seconds: float,
        key: str,
        priority: float,
        process: UUID | None,
        wait: bool,
    ) -> SlotRequest:
        request = SlotRequest(
            uuids.uuid7(),
            list(names),
            HOLDER,
            occupy,
            seconds,
            wait,
            client_id=process,
            key=key,
            priority=priority,
        )
        return self.ask_for(request)

    @rule(target=requests, occupy=OCCUPY, priority=PRIORITIES, wait=st.booleans())
    def ask_the_rate(self, occupy: int, priority: float, wait: bool) -> SlotRequest:
        """With one key alone, so that it is often full."""
        process = PROCESSES[0]
        request = SlotRequest(
            uuids.uuid7(), [RATE], HOLDER, occupy, 60.0, wait, client_id=process, priority=priority
        )
        return self.ask_for(request)

    def ask_for(self, request: SlotRequest) -> SlotRequest:
        self.asked += 1
        rank, until = self.now - round(request.priority * S), self.now + WAITER_LEASE
        claim = Claim(request, rank, self.asked, until)
        answer = self.do(lambda db, now: concurrency.acquire(db, request, now)).answer
        assert answer.refused is None
        if answer.granted:
            self.hold(claim)
            self.check_grant(claim)
        elif request.wait:
            self.waiting[request.lease_id] = claim
        return request

    @rule(request=requests)
    def release(self, request: SlotRequest) -> None:
        before = [kept.pop(request.lease_id, None) for kept in (self.holding, self.waiting)]
        in_force = any(claim is not None and claim.until > self.now for claim in before)
        outcome = self.do(lambda db, now: concurrency.release(db, [request.lease_id], now))
        assert outcome.answer == ([request.lease_id] if in_force else [])

    @rule(request=requests)
    def renew(self, request: SlotRequest) -> None:
        claim = self.holding.get(request.lease_id)
        lost = self.do(lambda db, now: concurrency.renew(db, [(request.lease_id, 5.0)], now)).answer
        assert lost == ([] if claim is not None and claim.until > self.now else [request.lease_id])
        if claim is not None and not lost:
            claim.until = self.now + 5 * S

    @rule(process=st.sampled_from(PROCESSES))
    def crash(self, process: UUID) -> None:
        for claims in (self.holding, self.waiting):
            for claim in list(claims.values()):
                if claim.request.client_id == process:
                    del claims[claim.request.lease_id]
        self.do(lambda db, now: concurrency.free_slots_of(db, [process], now))

    @rule()
    def refresh(self) -> None:
        waiting = list(self.waiting)
        outcome = self.do(lambda db, now: concurrency.refresh(db, waiting, now))
        assert outcome.answer == []
        for claim in self.waiting.values():
            claim.until = self.now + WAITER_LEASE
        self.nobody_waits_in_vain()

    def nobody_waits_in_vain(self) -> None:
        """Of those whom only the totals can hold up, somebody is held up by one."""
        ready = [claim for claim in self.waiting.values() if self.is_ready(claim)]
        fits = [
            all(
                self.taken(name) + claim.request.occupy <= (self.totals[name] or 2**31)
                for name in claim.names
            )
            for claim in ready
        ]
        assert not ready or not all(fits)

    def is_ready(self, claim: Claim) -> bool:
        """Whether it is first of its key everywhere, and there are slots for that key."""
        key = claim.request.key
        return not any(
            other.is_before(claim) and other.request.key == key and other.names & claim.names
            for other in self.waiting.values()
        ) and all(
            self.taken(name, key) + claim.request.occupy <= self.slots[name] for name in claim.names
        )

    @rule(seconds=st.sampled_from([1, 4, 30]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * S

    @rule()
    def sweep(self) -> None:
        self.waiting = self.in_force(self.waiting)
        self.do(concurrency.sweep)
        self.holding = self.in_force(self.holding)

    def in_force(self, claims: dict[UUID, Claim]) -> dict[UUID, Claim]:
        return {lease_id: claim for lease_id, claim in claims.items() if claim.until > self.now}

    @rule(name=LIMITS, slots=SLOTS, total=TOTALS)
    def change(self, name: str, slots: int, total: int) -> None:
        total = 0 if name == RATE else total
        self.slots[name], self.totals[name] = slots, total
        values = LimitValues(slots, total=total)
        self.do(lambda db, now: update_limit(db, name, values, now))

    @rule(name=LIMITS)
    def reset(self, name: str) -> None:
        """Only of limits that nobody holds together with others: half a lease is no lease."""
        if name == RATE:
            self.levels.clear()
        holders = [c for c in self.in_force(self.holding).values() if name in c.names]
        if all(claim.names == {name} for claim in holders):
            for claim in holders:
                del self.holding[claim.request.lease_id]
            self.do(lambda db, now: reset_limit(db, name, now))

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        Rows = tuple[set[tuple[UUID, int, str]], set[UUID], set[str], set[str]]

        def rows(db: peewee.Database) -> Rows:
            slots = Slot.select(Slot.lease_id, Slot.occupied, Slot.key)
            slots = slots.join(ConcurrencyLimit, on=(ConcurrencyLimit.id == Slot.limit_id))
            slots = slots.where(Slot.until > self.now, ConcurrencyLimit.decay == 0)
            waiters = Waiter.select(Waiter.lease_id, Waiter.key).tuples().execute(db)
            lines = Line.select(Line.key).tuples().execute(db)
            return (
                set(slots.tuples().execute(db)),
                {lease_id for lease_id, _ in waiters},
                {key for _, key in waiters},
                {key for (key,) in lines},
            )

        slots, waiters, keys, lines = self.ledger.read(rows).result()
        holding = self.in_force(self.holding).values()
        assert slots == set(map(self.row, holding))
        assert waiters == set(self.waiting)
        assert keys <= lines

    @staticmethod
    def row(claim: Claim) -> tuple[UUID, int, str]:
        return claim.request.lease_id, claim.request.occupy, claim.request.key


def explore(place: Callable[[], Path | str], examples: int) -> None:
    """Let many things happen."""
    phases = set(Phase) - {Phase.shrink}
    chosen = settings(max_examples=examples, stateful_step_count=40, deadline=None, phases=phases)
    factory = cast("type[Slots]", partial(Slots, place))  # whatever makes one
    run_state_machine_as_test(factory, settings=chosen)


def test_any_history_in_a_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        explore(lambda: Path(folder) / f"{uuids.uuid7()}.db", 40)


def test_any_history_in_postgres(postgres: Server) -> None:
    explore(postgres.emptied, 10)
