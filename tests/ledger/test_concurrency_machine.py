"""Whatever happens in whatever order: never more than allowed, nobody passed, nothing leaked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

import peewee
import uuid_utils.compat as uuids
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from headrace.records import SlotHolder, SlotRequest
from headrace_service.ledger import Ledger, concurrency
from headrace_service.ledger.concurrency import WAITER_LEASE, Outcome
from headrace_service.ledger.limits import LimitValues, create_limit, reset_limit, update_limit
from headrace_service.ledger.models import Slot, Waiter
from headrace_service.ledger.waiting import Verb
from tests.builders import EPOCH

S = 1_000_000
HOLDER = SlotHolder("mill", 7)

#: A limit always has as many slots as any request wants, so that each has its turn.
SLOTS = st.integers(2, 4)
OCCUPY = st.integers(1, 2)
NAMES = st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "a"), ("c", "a", "b")])


class Slots(RuleBasedStateMachine):
    """The verbs, against a model that knows who holds, who waits in which order, and until when."""

    requests = Bundle("requests")

    @initialize(a=SLOTS, b=SLOTS, c=SLOTS)
    def begin(self, a: int, b: int, c: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = Ledger.open(Path(self.folder.name) / "ledger.db")
        self.now = EPOCH
        self.slots = {"a": a, "b": b, "c": c}
        self.holding: dict[UUID, tuple[SlotRequest, int]] = {}
        self.waiting: dict[UUID, tuple[SlotRequest, int]] = {}  # in the order of their coming
        for name, slots in self.slots.items():
            self.ledger.write(create_limit, name, LimitValues(slots), EPOCH).result()

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.folder.cleanup()

    def do(self, verb: Verb) -> Outcome:
        """Perform a verb now, and check what it has granted to those who waited."""
        outcome = self.ledger.write(verb, self.now).result()
        for lease_id in outcome.granted:
            request, _ = self.waiting.pop(lease_id)
            self.holding[lease_id] = (request, self.now + round(request.lease_seconds * S))
        for lease_id in outcome.granted:
            self.check_grant(self.holding[lease_id][0], self.waiting)
        return outcome

    def check_grant(self, request: SlotRequest, line: dict[UUID, tuple[SlotRequest, int]]) -> None:
        """Nobody has more than there is, and no one who came earlier waits for the same."""
        for name in request.names:
            assert self.taken(name) <= self.slots[name]
        for other, until in line.values():
            earlier = other.lease_id < request.lease_id
            shares = set(other.names) & set(request.names)
            assert not (earlier and shares and until > self.now)

    def taken(self, name: str) -> int:
        return sum(
            request.occupy
            for request, until in self.holding.values()
            if name in request.names and until > self.now
        )

    # -- what may happen ------------------------------------------------------------------------

    @rule(target=requests, names=NAMES, occupy=OCCUPY, seconds=st.sampled_from([5.0, 60.0]))
    def ask(self, names: tuple[str, ...], occupy: int, seconds: float) -> SlotRequest:
        request = SlotRequest(uuids.uuid7(), list(names), HOLDER, occupy, seconds)
        answer = self.do(lambda db, now: concurrency.acquire(db, request, now)).answer
        assert answer.refused is None
        if answer.granted:
            self.holding[request.lease_id] = (request, self.now + round(seconds * S))
            self.check_grant(request, self.waiting)
        else:
            self.waiting[request.lease_id] = (request, self.now + WAITER_LEASE)
        return request

    @rule(request=requests)
    def release(self, request: SlotRequest) -> None:
        self.holding.pop(request.lease_id, None)
        self.waiting.pop(request.lease_id, None)
        self.do(lambda db, now: concurrency.release(db, [request.lease_id], now))

    @rule(request=requests)
    def renew(self, request: SlotRequest) -> None:
        _, until = self.holding.get(request.lease_id, (request, 0))
        lost = self.do(lambda db, now: concurrency.renew(db, [(request.lease_id, 5.0)], now)).answer
        assert lost == ([] if until > self.now else [request.lease_id])
        if not lost:
            self.holding[request.lease_id] = (request, self.now + 5 * S)

    @rule()
    def refresh(self) -> None:
        waiting = list(self.waiting)
        outcome = self.do(lambda db, now: concurrency.refresh(db, waiting, now))
        assert outcome.answer == []
        for lease_id, (request, _) in self.waiting.items():
            self.waiting[lease_id] = (request, self.now + WAITER_LEASE)
        before: set[str] = set()
        for request, _ in self.waiting.values():  # whoever is first everywhere lacks something
            if not before & set(request.names):
                assert any(
                    self.taken(name) + request.occupy > self.slots[name] for name in request.names
                )
            before |= set(request.names)

    @rule(seconds=st.sampled_from([1, 4, 30]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * S

    @rule()
    def sweep(self) -> None:
        self.waiting = {key: each for key, each in self.waiting.items() if each[1] > self.now}
        self.do(concurrency.sweep)
        self.holding = {key: each for key, each in self.holding.items() if each[1] > self.now}

    @rule(name=st.sampled_from("abc"), slots=SLOTS)
    def change(self, name: str, slots: int) -> None:
        self.slots[name] = slots
        self.do(lambda db, now: update_limit(db, name, LimitValues(slots), now))

    @rule(name=st.sampled_from("abc"))
    def reset(self, name: str) -> None:
        """Only of limits that nobody holds together with others: half a lease is no lease."""
        holders = [r for r, until in self.holding.values() if name in r.names and until > self.now]
        if all(request.names == [name] for request in holders):
            for request in holders:
                del self.holding[request.lease_id]
            self.do(lambda db, now: reset_limit(db, name, now))

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        def rows(db: peewee.Database) -> tuple[set[tuple[UUID, int]], set[UUID]]:
            slots = Slot.select(Slot.lease_id, Slot.occupied).where(Slot.until > self.now)
            waiters = Waiter.select(Waiter.lease_id)
            return (
                set(slots.tuples().execute(db)),
                {lease_id for (lease_id,) in waiters.tuples().execute(db)},
            )

        slots, waiters = self.ledger.read(rows).result()
        assert slots == {
            (lease_id, request.occupy)
            for lease_id, (request, until) in self.holding.items()
            if until > self.now
        }
        assert waiters == set(self.waiting)


TestSlots = Slots.TestCase
TestSlots.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, phases=set(Phase) - {Phase.shrink}
)
