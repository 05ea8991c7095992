"""What holds runs back, as the ledger knows it the moment that it is asked."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat as uuids

from headrace.records import now_micros
from headrace_service.blocking import Reason
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import Claimant, claim
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.queries.blocked import blocked_by
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import cancel
from headrace_service.ledger.work_pools import (
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    keep_worker,
    set_pool_paused,
)

HOUR = 3_600_000_000


def reasons(ledger: Ledger, *runs: UUID) -> list[list[Reason]]:
    found = ledger.read(blocked_by, list(runs)).result()
    return [[blocker.reason for blocker in each] for each in found]


def test_a_run_tells_what_it_waits_for_until_it_is_claimed(ledger: Ledger) -> None:
    pool = ledger.write(create_work_pool, NewWorkPool("pool", concurrency_limit=1)).result()
    wanted = DeploymentInput("etl", "daily", work_pool="pool", concurrency_limit=1)
    ledger.write(apply_deployment, wanted).result()
    now = now_micros()
    first, second = (
        ledger.write(create_run, RunRequest("etl/daily", scheduled_time=now)).result()
        for _ in range(2)
    )
    later = ledger.write(create_run, RunRequest("etl/daily", scheduled_time=now + HOUR)).result()
    assert reasons(ledger, later, first, uuids.uuid7()) == [
        [Reason.NOT_DUE, Reason.NO_WORKER],
        [Reason.NO_WORKER],
        [],
    ]

    worker = uuids.uuid7()
    other = WorkerCall(uuids.uuid7(), "o", "pool", "host", 1, 60, 1, queue_names=["urgent"])
    ledger.write(keep_worker, other).result()
    assert reasons(ledger, first) == [[Reason.NO_WORKER]]
    ledger.write(keep_worker, WorkerCall(worker, "w", "pool", "host", 1, 60, 1)).result()
    ledger.write(set_pool_paused, "pool", True).result()
    assert reasons(ledger, first) == [[Reason.POOL_PAUSED]]
    ledger.write(set_pool_paused, "pool", False).result()
    assert reasons(ledger, first) == [[]]

    claimant = Claimant(worker, pool.id, limit=5)
    (taken,) = ledger.write(claim, claimant, now_micros()).result()
    assert (taken.flow_run_id, reasons(ledger, first)) == (first, [[]])
    (blockers,) = ledger.read(blocked_by, [second]).result()
    assert [(each.reason, list(each.held_by)) for each in blockers] == [
        (Reason.WORKERS_BUSY, [first]),
        (Reason.POOL_LIMIT, [first]),
        (Reason.DEPLOYMENT_LIMIT, [first]),
    ]
    ledger.write(cancel, second).result()
    assert reasons(ledger, second) == [[]]


def test_a_served_deployment_waits_for_whoever_serves_it(ledger: Ledger) -> None:
    row = ledger.write(apply_deployment, DeploymentInput("etl", "served")).result()
    run_id = ledger.write(create_run, RunRequest("etl/served")).result()
    assert reasons(ledger, run_id) == [[Reason.NO_WORKER]]
    call = WorkerCall(uuids.uuid7(), "w", None, "host", 1, 60, None, [row.id])
    ledger.write(keep_worker, call).result()
    assert reasons(ledger, run_id) == [[]]
