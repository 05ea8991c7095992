"""Which processes are taken for dead: those that can be seen to have ended, or fell silent.

What a process has left in its spool comes before the verdict: its runs may have ended well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import peewee

from headrace.liveness import Fate, fate
from headrace_service.ledger.concurrency import Outcome, processes_of_slots, release
from headrace_service.ledger.flow_run_inputs import next_overdue
from headrace_service.ledger.models import Process, Slot, Waiter
from headrace_service.ledger.processes import (
    Ended,
    ProcessRow,
    Reaped,
    can_be_replaced,
    processes,
    reap,
)


def verdict(row: ProcessRow, seen: Fate, now: int, *, judges_silence: bool) -> Ended | None:
    """Whether a process is to be taken for dead, and why.

    Args:
        row: the process and its lease.
        seen: what can be seen of it from here.
        now: microseconds.
        judges_silence: whether the end of its lease counts: for whoever would have heard of it.
    """
    who = f"the process that ran it, pid {row.pid} on {row.host},"
    if seen is Fate.ENDED:
        return Ended(row, f"{who} ended without a word", lapsed=False)
    if row.until > now or seen is Fate.RUNS or not judges_silence:
        return None
    silence = f"{who} was not heard of for {row.duration / 1e6:g} s"
    return Ended(row, silence, lapsed=True, stopped=seen is Fate.STOPPED)


def judge(
    rows: list[ProcessRow],
    spool: Path | None,
    now: int,
    *,
    hears_all: bool,
    look: Callable[[str], Fate] = fate,
) -> list[Ended]:
    """Those of the processes that are to be taken for dead.

    Args:
        rows: the processes.
        spool: the folder in which processes of this machine leave what they could not deliver, if
            they may have one.
        now: microseconds.
        hears_all: whether all processes are heard of here: in the service. Elsewhere, only those
            are judged by their silence that write to the ledger's file themselves.
        look: what can be seen of the process with an identity.
    """
    ended = []
    for row in rows:
        found = verdict(row, look(row.identity), now, judges_silence=hears_all or row.direct)
        left = spool is not None and (spool / f"{row.client_id}.spool").exists()
        if found is not None and not left:
            ended.append(found)
    return ended


def dead_processes(
    db: peewee.Database,
    spool: Path | None,
    now: int,
    *,
    hears_all: bool,
    look: Callable[[str], Fate] = fate,
    resting: Collection[UUID] = (),
) -> list[Ended]:
    """Those of all processes that are to be taken for dead, save `resting`; see `judge`.

    One that can be seen to be stopped goes on one day where it stands. Until then its lease counts
    only if somebody else could execute what it has.
    """
    rows = [row for row in processes(db) if row.client_id not in resting]
    ended = judge(rows, spool, now, hears_all=hears_all, look=look)
    return [
        each for each in ended if not each.stopped or can_be_replaced(db, each.process.client_id)
    ]


def next_turn(db: peewee.Database) -> int | None:
    """When there is something to be ended though nobody commits; None is never, 0 at every turn.

    Processes may end, and with them what they hold, so they are looked at while there are any.
    """
    if any(model.select().exists(db) for model in (Process, Slot, Waiter)):
        return 0
    return next_overdue(db)


def reap_unheard(db: peewee.Database, spool: Path | None, now: int) -> Outcome:
    """Look for dead processes without being the service; answers with `Reaped`.

    For whoever opens a ledger's file, or waits for what others may hold.
    """
    freed = release(db, leases_of_the_dead(processes_of_slots(db)), now)
    ended = dead_processes(db, spool, now, hears_all=False)
    outcome = reap(db, ended, now) if ended else Outcome(Reaped(0, []), {})
    return outcome._replace(granted={**freed.granted, **outcome.granted})


def leases_of_the_dead(
    leases: Mapping[str, Sequence[UUID]], look: Callable[[str], Fate] = fate
) -> list[UUID]:
    """The leases of processes, by their identities, that can be seen to have ended."""
    return [
        lease_id
        for identity, held in leases.items()
        if look(identity) is Fate.ENDED
        for lease_id in held
    ]
