"""Why a run that waits is not running, pair by pair."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from headrace_service.blocking import Around, Pool, Reason, Waiting, blockers

SECOND = 1_000_000
NOW = 1_000 * SECOND
POOL, OWNER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
POOLED = Pool(POOL, "pool", paused=False, limit=None, queue="default", queue_paused=False)
WAITS = Waiting("SCHEDULED", "Late", False, NOW - SECOND, OWNER, "etl/daily", None, POOLED)
WORKED_FOR = Around({POOL: 1}, {}, {})


def reasons(run: Waiting, around: Around = WORKED_FOR) -> list[Reason]:
    return [blocker.reason for blocker in blockers(run, around, NOW)]


def but(**changes: Any) -> Waiting:
    return msgspec.structs.replace(WAITS, **changes)


def in_pool(**changes: Any) -> Waiting:
    return but(pool=msgspec.structs.replace(POOLED, **changes))


@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        (WAITS, []),
        (but(due=NOW + SECOND), [Reason.NOT_DUE]),
        (but(state_name="AwaitingRetry"), [Reason.AWAITING_RETRY]),
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
    (blocker,) = blockers(WAITS, Around({}, {}, {}), NOW)
    assert blocker.reason is Reason.NO_WORKER
    assert "`headrace worker start --pool pool`" in blocker.message


@pytest.mark.parametrize(("held", "is_full"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_limit_is_full_when_as_many_runs_are_under_way(held: int, is_full: bool) -> None:
    runs = [UUID(int=100 + number) for number in range(held)]
    of_pool = blockers(in_pool(limit=2), Around({POOL: 1}, {POOL: runs}, {}), NOW)
    of_owner = blockers(but(deployment_limit=2), Around({POOL: 1}, {}, {OWNER: runs}), NOW)
    if not is_full:
        assert of_pool == of_owner == []
        return
    assert [(one.reason, list(one.held_by)) for one in (*of_pool, *of_owner)] == [
        (Reason.POOL_LIMIT, runs),
        (Reason.DEPLOYMENT_LIMIT, runs),
    ]


def test_the_limit_of_another_deployment_is_none_of_its_own() -> None:
    around = Around({POOL: 1}, {}, {OTHER: [UUID(int=100)]})
    assert reasons(but(deployment_limit=1), around) == []
