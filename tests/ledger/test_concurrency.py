"""Slots in the ledger: never more than allowed, first come first served, nothing leaked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.records import SlotAnswer, SlotHolder, SlotRequest
from headrace_service.ledger import Ledger, concurrency
from headrace_service.ledger.concurrency import WAITER_LEASE, Outcome
from headrace_service.ledger.desk import Desk as Tally
from headrace_service.ledger.desk import Queue
from headrace_service.ledger.limits import (
    LimitValues,
    create_limit,
    delete_limit,
    reset_limit,
    update_limit,
)
from headrace_service.ledger.lines import Claim
from headrace_service.ledger.models import Slot, Waiter
from tests.builders import EPOCH

S = 1_000_000
HOLDER = SlotHolder("mill", 7)


class Desk:
    """A ledger's slots, at a time that the test sets."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.now = EPOCH

    def do(self, verb: Callable[..., Outcome], *args: Any) -> Outcome:
        """Perform a verb now."""
        return self._ledger.write(verb, *args, self.now).result()

    def limit(self, name: str, slots: int = 1, decay: float | None = None) -> None:
        """Make a limit."""
        assert self.do(create_limit, name, LimitValues(slots, decay)).answer is not None

    def ask(self, *names: str, occupy: int = 1, **more: Any) -> tuple[UUID, SlotAnswer]:
        """Ask for slots; the lease, and what came of it."""
        request = SlotRequest(uuids.uuid7(), list(names), HOLDER, occupy, **more)
        return request.lease_id, self.do(concurrency.acquire, request).answer

    def take(self, *names: str, occupy: int = 1, **more: Any) -> UUID:
        """Take slots that are free."""
        lease, answer = self.ask(*names, occupy=occupy, **more)
        assert answer.granted
        return lease

    def wait(self, *names: str, occupy: int = 1, **more: Any) -> UUID:
        """Ask for slots that are not free."""
        lease, answer = self.ask(*names, occupy=occupy, **more)
        assert not answer.granted
        assert answer.refused is None
        return lease

    def release(self, lease: UUID) -> list[UUID]:
        """Give a lease back; who gets slots by it."""
        return list(self.do(concurrency.release, [lease]).granted)

    def rows(self) -> tuple[int, int]:
        """How many rows of slots and of places in line there are."""

        def count(db: peewee.Database) -> tuple[int, int]:
            return Slot.select().count(db), Waiter.select().count(db)

        return self._ledger.read(count).result()


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_slots_are_given_until_there_are_none_and_then_in_the_order_of_asking(desk: Desk) -> None:
    desk.limit("db", 2)
    first, second = desk.take("db"), desk.take("db")
    third, fourth = desk.wait("db"), desk.wait("db")
    assert desk.release(first) == [third]
    assert desk.release(second) == [fourth]
    assert desk.release(third) == []
    assert desk.release(fourth) == []
    assert desk.rows() == (0, 0)


def test_nobody_passes_one_who_waits_for_more(desk: Desk) -> None:
    desk.limit("db", 3)
    held = [desk.take("db") for _ in range(3)]
    large = desk.wait("db", occupy=3)
    small = desk.wait("db")
    assert desk.release(held[0]) == []
    assert desk.release(held[1]) == []
    assert desk.release(held[2]) == [large]
    assert desk.release(large) == [small]


def test_who_does_not_wait_takes_no_place_in_line(desk: Desk) -> None:
    desk.limit("db")
    held = desk.take("db")
    desk.wait("db", wait=False)
    assert desk.rows() == (1, 0)
    assert desk.release(held) == []


def test_several_limits_are_taken_all_or_none(desk: Desk) -> None:
    desk.limit("a")
    desk.limit("b")
    held = desk.take("a")
    both = desk.wait("b", "a")
    # It holds nothing of b, but is first in its line.
    assert desk.rows() == (1, 2)
    later = desk.wait("b")
    assert desk.release(held) == [both]
    assert desk.release(both) == [later]


def test_opposite_orders_do_not_block_one_another(desk: Desk) -> None:
    desk.limit("a")
    desk.limit("b")
    a, b = desk.take("a"), desk.take("b")
    one, other = desk.wait("a", "b"), desk.wait("b", "a")
    assert desk.release(b) == []
    assert desk.release(a) == [one]
    assert desk.release(one) == [other]


def test_one_who_leaves_the_line_makes_way(desk: Desk) -> None:
    desk.limit("a")
    desk.limit("b")
    held = desk.take("a")
    both = desk.wait("a", "b")
    later = desk.wait("b")
    assert desk.release(both) == [later]
    assert desk.release(held) == []


def test_a_lease_that_has_ended_is_free_and_not_revived(desk: Desk) -> None:
    desk.limit("db")
    dead = desk.take("db", lease_seconds=10.0)
    waiting = desk.wait("db")
    assert desk.do(concurrency.refresh, [waiting]).retry_at == EPOCH + 10 * S
    desk.now += 10 * S - 1
    assert desk.do(concurrency.renew, [(dead, 10.0)]).answer == []
    assert list(desk.do(concurrency.refresh, [waiting]).granted) == []
    desk.now += 10 * S
    assert list(desk.do(concurrency.refresh, [waiting]).granted) == [waiting]
    assert desk.do(concurrency.renew, [(dead, 10.0)]).answer == [dead]
    desk.do(concurrency.sweep)
    assert desk.rows() == (1, 0)


def test_one_who_is_not_heard_of_loses_its_place(desk: Desk) -> None:
    desk.limit("db")
    held = desk.take("db", lease_seconds=1000.0)
    gone, there = desk.wait("db"), desk.wait("db")
    desk.now += WAITER_LEASE - 1
    desk.do(concurrency.refresh, [there])
    desk.now += 1
    assert desk.release(held) == [there]
    assert desk.do(concurrency.refresh, [gone]).answer == []  # it may come back, behind the others
    assert desk.release(there) == [gone]


def test_asking_again_under_the_same_lease_changes_nothing(desk: Desk) -> None:
    desk.limit("db")
    request = SlotRequest(uuids.uuid7(), ["db"], HOLDER)
    answers = [desk.do(concurrency.acquire, request).answer for _ in range(2)]
    assert answers == [SlotAnswer(True, ["db"], True)] * 2
    waiting = SlotRequest(uuids.uuid7(), ["db"], HOLDER)
    for _ in range(2):
        assert not desk.do(concurrency.acquire, waiting).answer.granted
    assert desk.rows() == (1, 1)
    assert desk.release(request.lease_id) == [waiting.lease_id]
    assert desk.do(concurrency.acquire, waiting).answer.granted


def test_a_lease_of_which_its_holder_hears_late_begins_anew(desk: Desk) -> None:
    desk.limit("db")
    request = SlotRequest(uuids.uuid7(), ["db"], HOLDER, lease_seconds=10.0)
    desk.do(concurrency.acquire, request)
    desk.now += 9 * S
    assert desk.do(concurrency.acquire, request).answer.granted
    desk.now += 9 * S
    assert desk.do(concurrency.renew, [(request.lease_id, 10.0)]).answer == []


def test_one_who_asks_again_after_his_lease_has_ended_asks_like_anybody_else(desk: Desk) -> None:
    desk.limit("db")
    first, second = (
        SlotRequest(uuids.uuid7(), ["db"], HOLDER, lease_seconds=10.0) for _ in range(2)
    )
    desk.do(concurrency.acquire, first)
    desk.now += 10 * S  # nobody has swept
    assert desk.do(concurrency.acquire, first).answer.granted
    desk.now += 10 * S
    assert desk.do(concurrency.acquire, second).answer.granted
    assert not desk.do(concurrency.acquire, first).answer.granted
    assert desk.release(second.lease_id) == [first.lease_id]
    assert desk.rows() == (1, 0)


def test_unknown_limits_limit_nothing(desk: Desk) -> None:
    desk.limit("db")
    _, answer = desk.ask("nope")
    assert answer == SlotAnswer(True, [], False)
    _, answer = desk.ask("nope", "db")
    assert answer == SlotAnswer(True, ["db"], True)
    assert desk.rows() == (1, 0)


def test_more_than_there_is_is_refused_at_once(desk: Desk) -> None:
    desk.limit("db", 2)
    desk.limit("shut", 0)
    for name, occupy in (("db", 3), ("shut", 1)):
        _, answer = desk.ask(name, occupy=occupy)
        assert answer.refused == "Slots requested is greater than the limit"
    assert desk.rows() == (0, 0)


def test_a_rate_limit_gives_slots_as_they_come_back(desk: Desk) -> None:
    desk.limit("api", 2, decay=1.0)
    desk.take("api", occupy=2, rate_limited=True)
    waiting = desk.wait("api", rate_limited=True)
    outcome = desk.do(concurrency.refresh, [waiting])
    assert outcome.retry_at == EPOCH + S
    desk.now += S
    assert list(desk.do(concurrency.refresh, [waiting]).granted) == [waiting]
    desk.now += 10 * S
    desk.do(concurrency.sweep)
    assert desk.rows() == (0, 0)


def test_slots_of_a_rate_go_on_draining_when_their_process_dies(desk: Desk, ledger: Ledger) -> None:
    desk.limit("api", 2, decay=1.0)
    desk.limit("db")
    gone = msgspec.structs.replace(HOLDER, identity="machine/7/1")
    requests = [SlotRequest(uuids.uuid7(), [name], gone) for name in ("api", "db")]
    for request in requests:
        assert desk.do(concurrency.acquire, request).answer.granted
    ending = ledger.read(concurrency.processes_of_slots).result()
    assert ending == {"machine/7/1": [requests[1].lease_id]}
    for request in requests:
        desk.release(request.lease_id)
    assert desk.rows() == (1, 0)
    assert ledger.read(concurrency.processes_of_slots).result() == {}


def test_a_rate_needs_a_limit_with_decay(desk: Desk) -> None:
    desk.limit("db")
    _, answer = desk.ask("db", rate_limited=True)
    assert answer.refused is not None
    assert "do not have a decay configured: 'db'" in answer.refused


def test_lowering_a_limit_takes_nothing_from_its_holders(desk: Desk) -> None:
    desk.limit("db", 3)
    held = [desk.take("db") for _ in range(3)]
    waiting, greedy = desk.wait("db"), desk.wait("db", occupy=3)
    assert not desk.do(update_limit, "db", LimitValues(1)).granted
    assert desk.rows() == (3, 2)
    assert [desk.release(lease) for lease in held] == [[], [], [waiting]]
    # What can no longer be had is out of the line, and hears why when it asks again.
    assert desk.release(waiting) == []
    assert desk.do(concurrency.refresh, [greedy]).answer == [greedy]


def test_raising_or_switching_off_a_limit_lets_those_in_who_wait(desk: Desk) -> None:
    desk.limit("db")
    desk.take("db")
    second, third = desk.wait("db"), desk.wait("db")
    assert list(desk.do(update_limit, "db", LimitValues(2)).granted) == [second]
    assert list(desk.do(update_limit, "db", LimitValues(active=False)).granted) == [third]


def test_a_deleted_limit_frees_those_who_wait_for_it(desk: Desk) -> None:
    desk.limit("a")
    desk.limit("b")
    held = desk.take("a")
    both, later = desk.wait("a", "b"), desk.wait("b")
    assert list(desk.do(delete_limit, "a").granted) == [later]
    assert desk.do(concurrency.renew, [(held, 9.0)]).answer == [held]
    assert desk.do(concurrency.refresh, [both]).answer == [both]
    assert desk.do(delete_limit, "a").answer is None


def test_reset_frees_the_slots_of_holders_that_are_known_to_be_gone(desk: Desk) -> None:
    desk.limit("db")
    held, waiting = desk.take("db"), desk.wait("db")
    assert list(desk.do(reset_limit, "db").granted) == [waiting]
    assert desk.do(concurrency.renew, [(held, 9.0)]).answer == [held]


def test_the_slots_of_a_process_end_with_it(desk: Desk) -> None:
    desk.limit("db", 2)
    client = uuids.uuid7()
    held = desk.take("db", client_id=client)
    kept = desk.take("db")
    waiting = desk.wait("db")
    outcome = desk.do(concurrency.free_slots_of, [client])
    assert (outcome.answer, list(outcome.granted)) == ([held], [waiting])
    assert desk.release(kept) == []


def test_a_name_is_one_limits_alone(desk: Desk) -> None:
    desk.limit("db")
    assert desk.do(create_limit, "db", LimitValues(4)).answer is None


def test_each_key_has_the_slots_for_itself(desk: Desk) -> None:
    desk.limit("api", 1)
    mill, forge = desk.take("api", key="mill"), desk.take("api", key="forge")
    second = desk.wait("api", key="mill")
    assert desk.release(forge) == []
    assert desk.release(mill) == [second]


def test_keys_share_what_the_total_allows(desk: Desk) -> None:
    assert desk.do(create_limit, "api", LimitValues(2, total=3)).answer is not None
    held = [desk.take("api", key=key) for key in ("a", "a", "b")]
    third = desk.wait("api", key="c")
    assert desk.release(held[0]) == [third]


def test_a_key_whose_slots_are_taken_holds_up_no_other(desk: Desk) -> None:
    assert desk.do(create_limit, "api", LimitValues(1, total=2)).answer is not None
    held = desk.take("api", key="a")
    waiting = desk.wait("api", key="a")
    desk.take("api", key="b")
    assert desk.release(held) == [waiting]


def test_keys_take_turns_however_many_wait_with_one(desk: Desk) -> None:
    assert desk.do(create_limit, "api", LimitValues(1, total=1)).answer is not None
    holds = desk.take("api", key="a")
    many = [desk.wait("api", key="a") for _ in range(3)]
    few = [desk.wait("api", key="b") for _ in range(2)]
    order = []
    for _ in range(5):
        (holds,) = desk.release(holds)
        order.append(holds)
    assert order == [many[0], few[0], many[1], few[1], many[2]]


def test_what_one_more_key_costs_that_waits_does_not_grow_with_the_others(desk: Desk) -> None:
    for name in ("few", "many"):
        assert desk.do(create_limit, name, LimitValues(1, total=1)).answer is not None
        desk.take(name, key="holds")
    asked = (("few", 100), ("many", 200))
    few, many = (desk.do(calls_of_waiting, *each).answer for each in asked)
    assert many < 2.1 * few  # a little more than double: other objects end meanwhile


def calls_of_waiting(db: peewee.Database, name: str, keys: int, now: int) -> Outcome:
    """How many functions are called while so many keys come to wait in one transaction."""
    calls = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    tally = Tally(db, now)
    limits = tally.named([name])
    before = sys.getprofile()
    sys.setprofile(note)
    for number in range(keys):
        lease_id = uuids.uuid7().bytes
        claim = Claim(lease_id, 1, WAITER_LEASE, None, "{}", f"{number}", now)
        tally.admit(limits, claim, waits=True)
    sys.setprofile(before)
    assert tally.serve([Queue(limits[0])])[0] == {}
    return Outcome(calls, {})


def test_lines_that_wait_for_one_another_get_on(desk: Desk) -> None:
    """The turns of two limits may differ: then each would be first where the other is not."""
    for name in "xy":
        assert desk.do(create_limit, name, LimitValues(1, total=1)).answer is not None
    x, y = desk.take("x", key="b"), desk.take("y", key="a")
    again = desk.wait("x", key="b")
    one = desk.wait("y", key="b")
    a, b = desk.wait("x", "y", key="a"), desk.wait("x", "y", key="b")
    held, order = [x, y], []
    while held:
        served = desk.release(held.pop(0))
        held += served
        order += served
    assert sorted(order) == sorted([again, one, a, b])
    assert desk.rows() == (0, 0)


def test_priority_is_a_head_start_in_seconds(desk: Desk) -> None:
    desk.limit("db")
    held = desk.take("db")
    long_ago = desk.wait("db")
    desk.now += 8 * S
    lately = desk.wait("db")
    urgent = desk.wait("db", priority=5.0)
    assert desk.release(held) == [long_ago]
    assert desk.release(long_ago) == [urgent]
    assert desk.release(urgent) == [lately]


def test_a_rate_counts_for_each_key_by_itself(desk: Desk) -> None:
    desk.limit("calls", 1, decay=1.0)
    desk.take("calls", key="a", rate_limited=True)
    desk.take("calls", key="b", rate_limited=True)
    waiting = desk.wait("calls", key="a", rate_limited=True)
    desk.now += S
    assert list(desk.do(concurrency.refresh, [waiting]).granted) == [waiting]
