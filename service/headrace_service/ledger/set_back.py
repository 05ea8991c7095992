"""What is mended after the machine's clock was set back.

Times in the ledger lie ahead then. What was due would wait until the clock is there again, the dead
would count as living, and a rate would let nobody pass. Schedules are left as they are: each of
their times comes once, so one that has fired does not fire as it comes again.
"""

from __future__ import annotations

import peewee

from headrace.records import StateType
from headrace_service.ledger.lines import WAITER_LEASE
from headrace_service.ledger.models import (
    ConcurrencyLimit,
    FlowRun,
    Process,
    Slot,
    Waiter,
    Worker,
)


def follow_back(db: peewee.Database, now: int, patience: int) -> None:
    """The clock shows `now`, and has shown later times: let what counts from them count from now.

    Doing it twice changes nothing, so that it does not matter how many have noticed it.

    Args:
        db: the writer's database.
        now: microseconds since 1970 UTC.
        patience: the microseconds in which workers are heard of again.
    """
    # A time that somebody has named stays; one that had come, or is so long after a failure, does
    # not. Either is told by the state, which was entered at a time that lies ahead as well.
    is_scheduled = FlowRun.state_type == StateType.SCHEDULED.value
    was_due = FlowRun.scheduled_time <= FlowRun.state_timestamp
    is_retry = FlowRun.state_name == "AwaitingRetry"
    due = FlowRun.scheduled_time - FlowRun.state_timestamp + now
    waits = (is_scheduled, FlowRun.deployment_id.is_null(False), FlowRun.state_timestamp > now)
    FlowRun.update({FlowRun.scheduled_time: due, FlowRun.state_timestamp: now}).where(
        *waits, was_due | is_retry
    ).execute(db)
    ends = Process.duration + now
    Process.update({Process.until: ends}).where(Process.until > ends).execute(db)
    for until, end in ((Worker.lease_until, now + patience), (Waiter.until, now + WAITER_LEASE)):
        until.model.update({until: end}).where(until > end).execute(db)
    rates = ConcurrencyLimit.select(ConcurrencyLimit.id).where(ConcurrencyLimit.decay > 0)
    Slot.delete().where(Slot.limit_id.in_(rates)).execute(db)
