"""Why a run that waits is not running, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from headrace_service.admission import Capacity, Held
from headrace_service.blocking import Hand, Limited, Pool, Reason, Waiting, blockers, in_line

SECOND = 1_000_000
NOW = 1_000 * SECOND
POOL, OWNER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
POOLED = Pool(POOL, "pool", paused=False, queue="default", queue_paused=False)
WAITS = Waiting("SCHEDULED", "Late", False, NOW - SECOND, OWNER, "etl/daily", POOLED)
WORKED_FOR = (Hand(POOL, [], None, []),)


def reasons(run: Waiting, workers: Sequence[Hand] = WORKED_FOR) -> list[Reason]:
    return [blocker.reason for blocker in blockers(run, workers, NOW)]


def but(**changes: Any) -> Waiting:
    return msgspec.structs.replace(WAITS, **changes)


def in_pool(**changes: Any) -> Waiting:
    return but(pool=msgspec.structs.replace(POOLED, **changes))


@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        (WAITS, []),
        (but(due=NOW + SECOND), [Reason.NOT_DUE]),
        (but(state_name="AwaitingRetry", claimed=True), [Reason.AWAITING_RETRY]),
        (but(state_name="AwaitingRetry", deployment_id=None), [Reason.AWAITING_RETRY]),
        (but(state_name="AwaitingRetry"), []),  # any worker may take it
        (but(state_type="PAUSED"), [Reason.AWAITING_RESUME]),
        (in_pool(paused=True), [Reason.POOL_PAUSED]),
        (in_pool(queue_paused=True), [Reason.QUEUE_PAUSED]),
        (in_pool(paused=True, queue_paused=True), [Reason.POOL_PAUSED, Reason.QUEUE_PAUSED]),
        (but(state_type="RUNNING"), []),
        (but(claimed=True, due=NOW + SECOND), []),
        (but(deployment_id=None, pool=None), []),
    ],
)
def test_what_holds_a_run_back(run: Waiting, wanted: list[Reason]) -> None:
    assert reasons(run) == wanted


def test_a_time_that_has_not_come_is_told() -> None:
    (blocker,) = blockers(but(due=NOW + SECOND), WORKED_FOR, NOW)
    assert (blocker.until, blocker.message) == (
        NOW + SECOND,
        "It is due at 1970-01-01 00:16:41 UTC.",
    )


def test_a_pool_without_workers_is_named_with_the_command_that_starts_one() -> None:
    (blocker,) = blockers(WAITS, [], NOW)
    assert blocker.reason is Reason.NO_WORKER
    assert "`headrace worker start --pool pool`" in blocker.message


def limited(held: int, slots: int = 2, **more: Any) -> Waiting:
    """A run that needs a slot of a limit of which so many are held, under key `a`."""
    rows = [Held(1, 0, NOW + SECOND, "a")] * held
    runs = [UUID(int=100 + number) for number in range(held)]
    capacity = more.pop("capacity", Capacity(slots))
    given = {"reason": Reason.CONCURRENCY_LIMIT, "owner": "db", "key": "a", **more}
    return but(limits=[Limited(capacity=capacity, held=rows, holders=runs, **given)])


@pytest.mark.parametrize(("held", "is_full"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_limit_is_full_when_as_many_slots_are_taken(held: int, is_full: bool) -> None:
    found = blockers(limited(held), WORKED_FOR, NOW)
    runs = [UUID(int=100 + number) for number in range(held)]
    assert [(one.reason, list(one.held_by)) for one in found] == (
        [(Reason.CONCURRENCY_LIMIT, runs)] if is_full else []
    )


def test_slots_of_another_key_are_none_of_its_own() -> None:
    assert reasons(limited(2, key="b")) == []
    assert reasons(limited(2, key="b", capacity=Capacity(2, total=2))) == [Reason.CONCURRENCY_LIMIT]


def test_a_limit_that_is_not_active_holds_nobody_back() -> None:
    assert reasons(limited(2, capacity=Capacity(1, active=False))) == []


def test_a_rate_tells_when_there_will_be_a_slot() -> None:
    (blocker,) = blockers(limited(1, capacity=Capacity(1, decay=0.5)), WORKED_FOR, NOW)
    assert blocker.until is not None
    assert blocker.until > NOW


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.POOL_LIMIT, "Work pool 'x' has as many runs with key 'a' under way as it may: 2."),
        (Reason.QUEUE_LIMIT, "Work queue 'x' has as many runs with key 'a' under way as"),
        (Reason.DEPLOYMENT_LIMIT, "Deployment 'x' has as many runs with key 'a' under way as"),
        (Reason.CONCURRENCY_LIMIT, "All 2 slots with key 'a' of concurrency limit 'x' are taken."),
    ],
)
def test_a_full_limit_is_told_by_what_it_is_of(reason: Reason, words: str) -> None:
    (blocker,) = blockers(limited(2, reason=reason, owner="x"), WORKED_FOR, NOW)
    assert blocker.message.startswith(words)


def test_a_limit_without_slots_comes_with_what_mends_it() -> None:
    (blocker,) = blockers(limited(0, slots=0), WORKED_FOR, NOW)
    mend = "raise it with `headrace concurrency-limit update db 1`."
    assert blocker.message == f"Concurrency limit 'db' has 0 slots: {mend}"


@pytest.mark.parametrize(
    ("held", "wanted", "words"),
    [
        (2, 1, "All 2 slots of concurrency limit 'db' are taken."),
        (1, 2, "Not as many as 2 slots of concurrency limit 'db' are free."),
        (0, 1, "Others are before it in the line for concurrency limit 'db'."),
    ],
)
def test_who_stands_in_line_is_told_why(held: int, wanted: int, words: str) -> None:
    rows, holder = [Held(1, 0, NOW + SECOND)] * held, UUID(int=100)
    limit = Limited(Reason.CONCURRENCY_LIMIT, "db", Capacity(2), rows, [], [holder])
    blocker = in_line(limit, wanted, NOW)
    assert (blocker.message, list(blocker.held_by_tasks)) == (words, [holder])


def test_a_deployment_that_is_served_needs_somebody_who_serves_it() -> None:
    served = but(pool=None)
    (blocker,) = blockers(served, WORKED_FOR, NOW)
    assert (blocker.reason, "Nobody serves deployment 'etl/daily'" in blocker.message) == (
        Reason.NO_WORKER,
        True,
    )
    assert reasons(served, [Hand(None, [OWNER], None, [])]) == []


def test_workers_that_have_all_they_take_are_told_with_their_runs() -> None:
    one, two = UUID(int=100), UUID(int=101)
    busy = [Hand(POOL, [], 1, [one]), Hand(POOL, [], 1, [two]), Hand(OTHER, [], 1, [])]
    (blocker,) = blockers(WAITS, busy, NOW)
    assert (blocker.reason, list(blocker.held_by)) == (Reason.WORKERS_BUSY, [one, two])
    assert reasons(WAITS, [*busy, Hand(POOL, [], 1, [])]) == []


def test_a_worker_of_other_queues_is_none_for_the_run() -> None:
    elsewhere = Hand(POOL, [], None, [], ["urgent"])
    (blocker,) = blockers(WAITS, [elsewhere], NOW)
    assert blocker.reason is Reason.NO_WORKER
    assert "`headrace worker start --pool pool --work-queue default`" in blocker.message
    assert reasons(WAITS, [elsewhere, Hand(POOL, [], None, [], ["urgent", "default"])]) == []


def test_a_run_whose_turn_it_is_not_tells_whom_it_waits_for() -> None:
    (blocker,) = blockers(but(behind=OTHER), WORKED_FOR, NOW)
    assert (blocker.reason, list(blocker.held_by)) == (Reason.OVERLAP, [OTHER])
