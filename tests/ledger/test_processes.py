"""Runs whose process has ended: when that is said, and what becomes of them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.liveness import Fate, fate, identity
from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    ProcessInfo,
    Record,
    RecordBatch,
    SlotHolder,
    SlotRequest,
    StateType,
    TaskRunCreated,
)
from headrace_service.ledger import InvalidBatch, Ledger, concurrency
from headrace_service.ledger.deletion import delete_flow_run
from headrace_service.ledger.errors import Conflict
from headrace_service.ledger.limits import LimitValues, create_limit
from headrace_service.ledger.models import Event, FlowRun, Log, Slot, TaskRun
from headrace_service.ledger.processes import ProcessRow, extend_leases, processes
from headrace_service.ledger.reaping import judge
from headrace_service.loops.reaper import ABSENCE, Reaper
from headrace_service.loops.rests import FIRST
from tests.builders import EPOCH, Stream, enters, flow_run, state, task_run
from tests.recorder_kit import until

S = 1_000_000
FAR = ProcessInfo("mill", 7, "another machine", 15.0)


class Clock:
    """A time that the test sets; nobody sleeps."""

    def __init__(self, now: int) -> None:
        self.micros = now

    def now(self) -> int:
        return self.micros

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the test takes the steps")


def take(ledger: Ledger, stream: Stream, *records: Record, process: ProcessInfo | None) -> None:
    """Record a batch as a process does; insist that nothing is refused."""
    batch = msgspec.structs.replace(stream.batch(*records), process=process)
    assert ledger.append(batch).result().refused == []


def known(ledger: Ledger) -> list[ProcessRow]:
    """The processes that have a lease."""
    return ledger.read(processes).result()


def states(ledger: Ledger) -> dict[UUID, tuple[str, str | None]]:
    """The state and its message of every run."""

    def query(db: peewee.Database) -> dict[UUID, tuple[str, str | None]]:
        return {
            run_id: (kind, message)
            for model in (FlowRun, TaskRun)
            for run_id, kind, message in model.select(
                model.id, model.state_type, model.state_message
            )
            .tuples()
            .execute(db)
        }

    return ledger.read(query).result()


def lapsed(ledger: Ledger, after: float = 15.0) -> int:
    """A moment so many seconds after the one process was heard of last."""
    (row,) = known(ledger)
    return row.until - row.duration + round(after * S)


def reaper_at(ledger: Ledger, clock: Clock, *, hears_all: bool = True) -> Reaper:
    """A reaper that has looked a moment before."""
    reaper = Reaper(ledger, clock, hears_all=hears_all)
    reaper._looked_at = clock.micros - 1
    return reaper


async def reaped(ledger: Ledger, now: int, *, hears_all: bool = True) -> int:
    """Let a reaper look that has looked a moment before; how many runs it ended."""
    return await reaper_at(ledger, Clock(now), hears_all=hears_all).step()


def running(
    ledger: Ledger, process: ProcessInfo = FAR
) -> tuple[Stream, FlowRunCreated, TaskRunCreated]:
    """A flow run and a task run that run in a process."""
    stream, run = Stream(), flow_run()
    task = task_run(run)
    take(ledger, stream, run, task, process=process)
    return stream, run, task


async def test_who_is_silent_for_its_lease_is_taken_for_dead(ledger: Ledger) -> None:
    _, run, task = running(ledger)
    assert await reaped(ledger, lapsed(ledger, 14.9)) == 0
    assert await reaped(ledger, lapsed(ledger)) == 2
    why = "did not end by itself: the process that ran it, pid 7 on mill, was not heard of for 15 s"
    assert states(ledger) == {
        run.id: ("CRASHED", f"Flow run {why}"),
        task.id: ("CRASHED", f"Task run {why}"),
    }
    assert known(ledger) == []
    lines = ledger.read(
        lambda db: list(Log.select(Log.flow_run_id, Log.level, Log.message).tuples().execute(db))
    ).result()
    assert lines == [(run.id, 40, f"Crashed: Flow run {why}")]

    def order(db: peewee.Database) -> list[UUID]:
        query = Event.select(Event.subject_id).order_by(Event.seq)
        return [subject for (subject,) in query.tuples().execute(db)]

    # A flow run that has ended is settled: what ran within it ended before.
    assert ledger.read(order).result()[-2:] == [task.id, run.id]
    (counts,) = ledger.read(
        lambda db: [row[0] for row in FlowRun.select(FlowRun.task_run_counts).tuples().execute(db)]
    ).result()
    assert counts == '{"CRASHED":1}'


async def test_a_batch_without_records_is_a_sign_of_life(ledger: Ledger) -> None:
    stream, _, _ = running(ledger)
    before = lapsed(ledger)
    take(ledger, stream, process=FAR)
    assert await reaped(ledger, before) == 0


async def test_a_process_without_open_runs_has_no_lease(ledger: Ledger) -> None:
    stream, run, task = running(ledger)
    done = state("COMPLETED")
    take(ledger, stream, enters(task, done), enters(run, done), process=None)
    assert known(ledger) == []


async def test_what_comes_after_the_verdict_is_refused(ledger: Ledger) -> None:
    stream, run, task = running(ledger)
    await reaped(ledger, lapsed(ledger))
    late = stream.batch(enters(task, state("COMPLETED")), enters(run, state("COMPLETED")))
    ack = ledger.append(late).result()
    assert len(ack.refused) == 2
    for refused in ack.refused:
        assert f"process of flow run '{run.name}' was not heard of" in refused.message
    assert {kind for kind, _ in states(ledger).values()} == {"CRASHED"}


def replay(ledger: Ledger, stream: Stream, *records: Record) -> list[str]:
    """Send what a dead process left; why records of it are refused."""
    batch = msgspec.structs.replace(stream.batch(*records), replayed=True)
    return [refused.message for refused in ledger.append(batch).result().refused]


async def test_what_a_dead_process_left_corrects_the_verdict(ledger: Ledger) -> None:
    stream, run, task = running(ledger)
    last = task_run(run, "last")
    await reaped(ledger, lapsed(ledger))
    done = state("COMPLETED", at=EPOCH + 5)
    assert replay(ledger, stream, enters(task, done), last, enters(last, done)) == []
    assert states(ledger)[run.id][0] == "CRASHED"  # of that one nothing was said so far
    assert replay(ledger, stream, enters(run, done)) == []
    assert states(ledger) == {each.id: ("COMPLETED", None) for each in (run, task, last)}

    def ends(db: peewee.Database) -> tuple[list[tuple[int, str]], list[str]]:
        row = FlowRun.select(FlowRun.end_time, FlowRun.task_run_counts).tuples().execute(db)
        kinds = Event.select(Event.payload).where(Event.subject_id == run.id).order_by(Event.seq)
        return list(row), [
            msgspec.json.decode(text)["type"] for (text,) in kinds.tuples().execute(db)
        ]

    assert ledger.read(ends).result() == (
        [(EPOCH + 5, '{"COMPLETED":2}')],
        ["RUNNING", "CRASHED", "COMPLETED"],
    )


async def test_what_was_left_is_history_though_a_part_of_it_is_malformed(ledger: Ledger) -> None:
    stream, run, _ = running(ledger)
    await reaped(ledger, lapsed(ledger))
    left = stream.batch(enters(run, state("COMPLETED")), flow_run())
    plain = msgspec.to_builtins(msgspec.structs.replace(left, replayed=True))
    plain["records"][1]["state"]["type"] = "NONSENSE"
    ack = ledger.append_value(plain).result()
    assert [refused.index for refused in ack.refused] == [1]
    assert states(ledger)[run.id] == ("COMPLETED", None)


async def test_a_run_that_goes_on_in_what_was_left_has_no_end_until_it_ends(ledger: Ledger) -> None:
    stream, run, task = running(ledger)
    await reaped(ledger, lapsed(ledger))
    again = state("RUNNING", "Retrying", run_count=2)
    batch = msgspec.structs.replace(
        stream.batch(enters(run, again), enters(task, again)), replayed=True, process=FAR
    )
    assert ledger.append(batch).result().refused == []
    ended = ledger.read(lambda db: list(FlowRun.select(FlowRun.end_time).tuples().execute(db)))
    assert ended.result() == [(None,)]
    assert await reaped(ledger, lapsed(ledger)) == 2  # it said no more: the verdict stands
    done = state("COMPLETED", run_count=1)
    assert replay(ledger, stream, enters(run, done)) == ["attempt 1 was superseded by attempt 2"]
    assert {kind for kind, _ in states(ledger).values()} == {"CRASHED"}


async def test_what_was_left_corrects_nothing_but_guesses_about_its_own_runs(
    ledger: Ledger,
) -> None:
    final = ["the run has ended as CRASHED; a terminal state is final"]
    stream, run, task = running(ledger)
    take(ledger, stream, enters(task, state("CRASHED")), process=FAR)  # the run itself says so
    await reaped(ledger, lapsed(ledger))
    done = state("COMPLETED")
    assert replay(ledger, stream, enters(task, done)) == final
    assert replay(ledger, Stream(), enters(run, done)) == final
    crashed = state("CRASHED", at=EPOCH + 9)
    assert replay(ledger, stream, enters(run, crashed), enters(run, done)) == final
    assert replay(ledger, stream, enters(run, done)) == final
    assert {kind for kind, _ in states(ledger).values()} == {"CRASHED"}


async def test_what_was_left_of_an_earlier_claim_is_refused(ledger: Ledger) -> None:
    stream, run, _ = running(ledger)
    await reaped(ledger, lapsed(ledger))

    def claimed_anew(db: peewee.Database) -> None:
        FlowRun.update({FlowRun.epoch: 2}).where(FlowRun.id == run.id).execute(db)

    ledger.write(claimed_anew).result()
    assert replay(ledger, stream, FlowRunChanged(run.id, state("COMPLETED"), 1)) == [
        "claim 1 of the run was superseded"
    ]
    assert states(ledger)[run.id][0] == "CRASHED"


async def test_a_run_belongs_to_the_process_that_told_of_it_last(ledger: Ledger) -> None:
    _, _, task = running(ledger)
    child = Stream()
    take(ledger, child, enters(task, state("RUNNING", at=EPOCH + 1)), process=FAR)
    (parent_row,) = [row for row in known(ledger) if row.client_id != child.client_id]
    take(ledger, child, process=FAR)
    assert await reaped(ledger, parent_row.until) == 1
    assert states(ledger)[task.id] == ("RUNNING", None)


@pytest.mark.parametrize(
    ("kind", "name", "end"),
    [
        ("SCHEDULED", "Scheduled", None),  # somebody will take it up
        ("SCHEDULED", "AwaitingRetry", "CRASHED"),
        ("SCHEDULED", "AwaitingConcurrencySlot", "CRASHED"),
        ("PAUSED", "Suspended", None),
        ("PAUSED", "Paused", "CRASHED"),
        ("CANCELLING", "Cancelling", "CANCELLED"),
    ],
)
async def test_only_what_needs_its_process_ends_with_it(
    ledger: Ledger, kind: str, name: str, end: str | None
) -> None:
    stream, run = Stream(), flow_run()
    take(ledger, stream, run, enters(run, state(kind, name)), process=FAR)
    assert await reaped(ledger, lapsed(ledger)) == (end is not None)
    assert states(ledger)[run.id][0] == (end or kind)


async def test_the_slots_of_a_dead_process_are_given_on(ledger: Ledger) -> None:
    stream, run, _ = running(ledger)
    ledger.write(create_limit, "db", LimitValues(1), EPOCH).result()
    holder = SlotHolder("mill", 7)
    held = SlotRequest(uuids.uuid7(), ["db"], holder, client_id=stream.client_id)
    assert ledger.slots.acquire(held).result().granted
    wanted = SlotRequest(uuids.uuid7(), ["db"], holder)
    waiting = ledger.slots.acquire(wanted)
    assert await reaped(ledger, lapsed(ledger)) == 2
    assert waiting.result(20).granted
    assert replay(ledger, stream, enters(run, state("COMPLETED"))) == []

    def holders(db: peewee.Database) -> list[UUID]:
        return [lease for (lease,) in Slot.select(Slot.lease_id).tuples().execute(db)]

    assert ledger.read(holders).result() == [wanted.lease_id]


def test_slots_are_given_on_though_whoever_gave_them_back_does_not_wait(ledger: Ledger) -> None:
    ledger.write(create_limit, "db", LimitValues(1), EPOCH).result()
    holder, gate = SlotHolder("mill", 7), threading.Event()
    held = SlotRequest(uuids.uuid7(), ["db"], holder)
    assert ledger.slots.acquire(held).result().granted
    waiting = ledger.slots.acquire(SlotRequest(uuids.uuid7(), ["db"], holder))
    ledger.write(lambda db: gate.wait(20))
    assert ledger.slots.release(held.lease_id).cancel()
    gate.set()
    ledger.write(lambda db: None).result()  # what was asked for before is done, and told
    assert waiting.done()
    assert waiting.result().granted


async def test_nobody_is_dead_because_the_service_was_away(ledger: Ledger) -> None:
    running(ledger)
    clock = Clock(lapsed(ledger, 60))
    reaper = Reaper(ledger, clock)
    assert await reaper.step() == 0  # it has just begun to listen
    clock.micros += S
    assert await reaper.step() == 0
    clock.micros += ABSENCE + 20 * S  # the machine was asleep
    assert await reaper.step() == 0
    for second in range(1, 16):
        clock.micros += S
        assert await reaper.step() == (2 if second == 15 else 0)


async def test_slots_stay_whose_they_are_though_the_clock_is_set_forward(ledger: Ledger) -> None:
    ledger.write(create_limit, "db", LimitValues(1), EPOCH).result()
    held, other = (
        SlotRequest(uuids.uuid7(), ["db"], SlotHolder("elsewhere", 7), lease_seconds=10.0)
        for _ in range(2)
    )
    ledger.write(concurrency.acquire, held, EPOCH).result()
    clock = Clock(EPOCH)
    reaper = Reaper(ledger, clock)
    await reaper.step()
    for _ in range(2):
        clock.micros += 3600 * S
        await reaper.step()
        asked = ledger.write(concurrency.acquire, other, clock.micros).result()
        assert not asked.answer.granted
    for _ in range(11):  # but not for longer than its lease
        clock.micros += S
        await reaper.step()
    assert ledger.write(concurrency.acquire, other, clock.micros).result().answer.granted


async def test_who_waits_keeps_its_place_while_the_service_is_away(ledger: Ledger) -> None:
    ledger.write(create_limit, "db", LimitValues(1), EPOCH).result()
    holder = SlotHolder("mill", 7)
    held, waiting, later = (SlotRequest(uuids.uuid7(), ["db"], holder) for _ in range(3))
    for request in (held, waiting):
        ledger.write(concurrency.acquire, request, EPOCH).result()
    back = EPOCH + 100 * S
    ledger.write(extend_leases, back).result()
    ledger.write(concurrency.acquire, later, back).result()
    freed = ledger.write(concurrency.release, [held.lease_id], back).result()
    assert list(freed.granted) == [waiting.lease_id]


@pytest.mark.parametrize(
    ("seen", "late", "hears_all", "direct", "dead"),
    [
        (Fate.ENDED, False, False, False, True),  # seen with one's own eyes
        (Fate.ENDED, False, True, True, True),
        (Fate.RUNS, True, True, True, False),  # however silent it is
        (Fate.UNKNOWN, False, True, False, False),
        (Fate.UNKNOWN, True, True, False, True),
        (Fate.UNKNOWN, True, False, False, False),  # the service would have heard it
        (Fate.UNKNOWN, True, False, True, True),
        (Fate.STOPPED, False, True, True, False),
        (Fate.STOPPED, True, True, True, True),
    ],
)
def test_the_verdict(
    tmp_path: Path, seen: Fate, late: bool, hears_all: bool, direct: bool, dead: bool
) -> None:
    row = ProcessRow(uuids.uuid7(), "mill", 7, "identity", direct, 15 * S, EPOCH)
    now = EPOCH + 1 if late else EPOCH - 1
    ended = judge([row], tmp_path, now, hears_all=hears_all, look=lambda identity: seen)
    assert [each.process for each in ended] == ([row] if dead else [])


@pytest.fixture
def stopped() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this machine that is there, and does nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        process.send_signal(signal.SIGSTOP)
        until(lambda: fate(identity(process.pid)) is Fate.STOPPED, "it is stopped")
        yield process
        process.kill()


async def test_a_script_that_is_seen_to_be_stopped_keeps_its_runs(
    ledger: Ledger, stopped: subprocess.Popen[bytes]
) -> None:
    here = ProcessInfo("mill", stopped.pid, identity(stopped.pid), 15.0)
    _, run, task = running(ledger, here)
    assert await reaped(ledger, lapsed(ledger, 3600.0)) == 0
    assert states(ledger) == {run.id: ("RUNNING", None), task.id: ("RUNNING", None)}
    stopped.kill()
    stopped.wait()
    assert await reaped(ledger, lapsed(ledger, 3601.0)) == 2


async def test_who_is_stopped_loses_what_others_could_execute(
    ledger: Ledger, stopped: subprocess.Popen[bytes]
) -> None:
    here = ProcessInfo("mill", stopped.pid, identity(stopped.pid), 15.0)
    _, run, _ = running(ledger, here)
    deployed = FlowRun.update(deployment_id=uuids.uuid7()).where(FlowRun.id == run.id)
    ledger.write(lambda db: deployed.execute(db)).result()
    assert await reaped(ledger, lapsed(ledger)) == 2


def test_what_waits_in_a_spool_comes_before_the_verdict(tmp_path: Path) -> None:
    row = ProcessRow(uuids.uuid7(), "mill", 7, "identity", False, 15 * S, EPOCH)
    (tmp_path / f"{row.client_id}.spool").touch()

    def look(identity: str) -> Fate:
        return Fate.ENDED

    assert judge([row], tmp_path, EPOCH + 1, hears_all=True, look=look) == []


async def test_a_process_that_was_heard_of_meanwhile_is_left_alone(ledger: Ledger) -> None:
    from headrace_service.ledger.processes import Ended, reap

    stream, run, _ = running(ledger)
    (row,) = known(ledger)
    take(ledger, stream, process=FAR)
    outcome = ledger.write(reap, [Ended(row, "it was silent", lapsed=True)], row.until).result()
    assert outcome.answer == (0, [])
    assert states(ledger)[run.id][0] == StateType.RUNNING.value


def test_nobodys_stream_is_no_stream(ledger: Ledger) -> None:
    """Runs that no process has taken up are under this id; its end would end them all."""
    for records in ([flow_run()], ["nonsense"]):
        plain = {"client_id": str(UUID(int=0)), "number": 1, "records": records}
        with pytest.raises(InvalidBatch, match="nobody") as refused:
            ledger.append_value(msgspec.to_builtins(plain))
        assert refused.value.field == "client_id"


def test_a_batch_that_names_its_process_wrongly_loses_nothing(ledger: Ledger) -> None:
    run = flow_run()
    plain = msgspec.to_builtins(RecordBatch(uuids.uuid7(), 1, [run, flow_run()], FAR))
    plain["records"][1]["state"]["type"] = "NONSENSE"
    ack = ledger.append_value(plain).result()
    assert (ack.accepted, len(ack.refused)) == (1, 1)
    assert [row.pid for row in known(ledger)] == [7]


async def test_a_process_whose_runs_cannot_be_ended_keeps_no_other_from_its_end(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt, run, _ = running(ledger)

    def spoil(db: peewee.Database) -> None:
        FlowRun.update({FlowRun.task_run_counts: "{"}).where(FlowRun.id == run.id).execute(db)

    ledger.write(spoil).result()
    _, other, _ = running(ledger)
    clock = Clock(max(row.until for row in known(ledger)))
    reaper = reaper_at(ledger, clock)
    assert await reaper.step() == 2
    assert (states(ledger)[other.id][0], states(ledger)[run.id][0]) == ("CRASHED", "RUNNING")
    assert f"the runs of process {spoilt.client_id} cannot be ended" in caplog.text
    assert [row.client_id for row in known(ledger)] == [spoilt.client_id]
    mend = FlowRun.update({FlowRun.task_run_counts: "{}"}).where(FlowRun.id == run.id)
    ledger.write(lambda db: mend.execute(db)).result()
    assert await reaper.step() == 0  # it rests, and is tried again
    clock.micros += FIRST
    assert await reaper.step() == 2


@pytest.mark.parametrize(
    ("kind", "name", "mend"),
    [
        ("RUNNING", "Running", "cancel it first"),
        ("PAUSED", "Paused", "cancel it first"),
        ("CANCELLING", "Cancelling", "wait until its process has ended"),
    ],
)
def test_a_run_is_not_deleted_while_its_process_is_at_work(
    ledger: Ledger, kind: str, name: str, mend: str
) -> None:
    run, stream = flow_run(), Stream()
    take(ledger, stream, run, process=FAR)
    if kind != "RUNNING":
        take(ledger, stream, enters(run, state(kind)), process=FAR)
    with pytest.raises(Conflict, match=f"is {name}; {mend}"):
        asyncio.run(delete_flow_run(ledger, run.id))
    take(ledger, stream, enters(run, state("CANCELLED")), process=FAR)
    assert asyncio.run(delete_flow_run(ledger, run.id)) == run.id
