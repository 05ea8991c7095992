"""A batch on its way into the tables: each record is checked, and taken or refused.

The records of a batch are folded before anything is written: what a run went through within one
batch is one row written once, and an event for each state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.records import (
    TERMINAL_STATES,
    EventEmitted,
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    Record,
    RecordBatch,
    RefusedRecord,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
)
from headrace_service.ledger.background_rows import current_epochs, forget
from headrace_service.ledger.concurrency import release_runs
from headrace_service.ledger.decode import NOBODY, DecodedBatch
from headrace_service.ledger.guesses import is_guess
from headrace_service.ledger.models import CUSTOM, Flow, FlowRun, TaskRun
from headrace_service.ledger.rows import (
    ADOPT_FLOW_RUN,
    AUDIT,
    INSERT_EVENT,
    INSERT_FLOW_RUN,
    INSERT_LOG,
    INSERT_TASK_RUN,
    RENAME,
    UPDATE_COUNTS,
    UPDATE_FLOW_RUN,
    UPDATE_TASK_RUN,
    CustomPayload,
    StatePayload,
    changed_row,
    early_counts,
    encode_counts,
    flow_run_row,
    known_counts,
    known_runs,
    task_run_row,
)
from headrace_service.ledger.statements import portions
from headrace_service.rules import Actor, why_not

_json = msgspec.json.Encoder()
_decode_counts = msgspec.json.Decoder(dict[StateType, int]).decode


class _Run:
    """A flow run or task run as the fold sees it: what the database has, and what is new."""

    __slots__ = (
        "counted",
        "created",
        "end_time",
        "flow_run_id",
        "id",
        "start_time",
        "state",
        "touched",
    )

    def __init__(self, run_id: UUID, flow_run_id: UUID | None, state: StateChange | None) -> None:
        self.id = run_id
        self.flow_run_id = flow_run_id
        self.state = state
        #: The state type that the flow run's counts hold for this task run, if any.
        self.counted: StateType | None = state.type if state else None
        self.created: FlowRunCreated | TaskRunCreated | None = None
        self.start_time: int | None = None
        self.end_time: int | None = None
        self.touched = False


class Fold:
    """One batch on its way into the tables; `actor` is who asks for its changes of state."""

    def __init__(
        self, db: peewee.Database, decoded: DecodedBatch, actor: Actor = Actor.RUN
    ) -> None:
        self.db = db
        self.actor = actor
        self.batch = decoded.batch
        self.indexes = decoded.indexes
        self.refused = list(decoded.refused)
        self.events: list[tuple[Any, ...]] = []
        self.logs: list[tuple[Any, ...]] = []
        self.flow_runs, self.task_runs = self._known_runs()
        #: The last claims of the background runs whose claimants speak here.
        self.claims = current_epochs(db, self._claimed())
        self.adopted: list[tuple[bytes, bytes]] = []
        self.left_background: list[UUID] = []
        #: Leases of slots that end with attempts.
        self.released: list[UUID] = []
        #: New names and the ids of their runs, by the table that these are in.
        self.renamed: dict[str, list[tuple[str, bytes]]] = {}
        self._payloads: dict[tuple[StateType, str, int], str] = {}

    # -- reading what the records are about -------------------------------------------------

    def _known_runs(self) -> tuple[dict[UUID, _Run], dict[UUID, _Run]]:
        """The runs whose states the batch speaks of, as they stand in the tables."""
        flow_run_ids: set[UUID] = set()
        task_run_ids: set[UUID] = set()
        for record in self.batch.records:
            if isinstance(record, TaskRunCreated | TaskRunChanged):
                task_run_ids.add(record.id)
            elif not isinstance(record, LogLine | EventEmitted):
                flow_run_ids.add(record.id)
        return (
            self._select("flow_run", "id", flow_run_ids),
            self._select("task_run", "flow_run_id", task_run_ids),
        )

    def _claimed(self) -> set[UUID]:
        return {
            record.id
            for record in self.batch.records
            if isinstance(record, TaskRunChanged) and record.epoch is not None
        }

    def _select(self, table: str, owner: str, ids: set[UUID]) -> dict[UUID, _Run]:
        found: dict[UUID, _Run] = {}
        for some in portions(ids):
            statement = known_runs(table, owner, len(some))
            rows = statement.run(self.db, *[each.bytes for each in some]).fetchall()
            for key, owner_key, kind, name, at, count in rows:
                run_id = UUID(bytes=key)
                owner_id = None if owner_key is None else UUID(bytes=owner_key)
                state = StateChange(StateType(kind), name, at, None, count)
                found[run_id] = _Run(run_id, owner_id, state)
        return found

    # -- the fold ------------------------------------------------------------------------------

    def take_all(self) -> None:
        """Take the records one after the other; refuse what cannot be."""
        for index, record in enumerate(self.batch.records):
            if isinstance(record, TaskRunCreated):
                refusal = self._create_task_run(record)
            elif isinstance(record, TaskRunChanged):
                refusal = self._change_task_run(record)
            elif isinstance(record, LogLine):
                self._log(record)
                continue
            elif isinstance(record, EventEmitted):
                refusal = self._emit(record)
            elif isinstance(record, FlowRunCreated):
                refusal = self._create_flow_run(record)
            else:
                refusal = self._outdated(record) or self._change(
                    self.flow_runs.get(record.id), record, "flow_run"
                )
            if refusal is not None:
                code, message, field = refusal
                place = index if self.indexes is None else self.indexes[index]
                self.refused.append(RefusedRecord(place, code, message, field))
        self.refused.sort(key=lambda refused: refused.index)

    def refuse_all(self, code: str, message: str, field: str) -> None:
        """Take none of the records."""
        for index in range(len(self.batch.records)):
            place = index if self.indexes is None else self.indexes[index]
            self.refused.append(RefusedRecord(place, code, message, field))
        self.refused.sort(key=lambda refused: refused.index)

    def _create_flow_run(self, record: FlowRunCreated) -> tuple[str, str, str] | None:
        if record.id in self.flow_runs:
            return "Conflict", f"there is a flow run {record.id} already", "id"
        run = self.flow_runs[record.id] = _Run(record.id, record.id, None)
        run.created = record
        self._enter(run, record.state, "flow_run")
        return None

    def _create_task_run(self, record: TaskRunCreated) -> tuple[str, str, str] | None:
        if record.id in self.task_runs:
            return "Conflict", f"there is a task run {record.id} already", "id"
        run = self.task_runs[record.id] = _Run(record.id, record.flow_run_id, None)
        run.created = record
        self._enter(run, record.state, "task_run")
        return None

    def _change_task_run(self, record: TaskRunChanged) -> tuple[str, str, str] | None:
        run = self.task_runs.get(record.id)
        if record.lease_id is not None:
            self.released.append(record.lease_id)  # refused or not: the attempt is over
        if record.epoch is None and self.actor is Actor.RUN:
            return self._change(run, record, "task_run")
        if record.epoch is not None and record.epoch != self.claims.get(record.id, record.epoch):
            return "Conflict", f"claim {record.epoch} of the run was superseded", "epoch"
        refusal = self._change(run, record, "task_run")
        if refusal is None and record.state.type in TERMINAL_STATES:
            self.left_background.append(record.id)
        return refusal

    def _outdated(self, record: FlowRunChanged) -> tuple[str, str, str] | None:
        """Why a run that was given to this process is no longer its own; else it is from now on."""
        if record.epoch is None:
            return None
        query = FlowRun.select(FlowRun.epoch).where(FlowRun.id == record.id)
        if any(epoch != record.epoch for (epoch,) in query.tuples().execute(self.db)):
            reason = f"claim {record.epoch} of the run was superseded"
            return "Conflict", reason, "epoch"
        self.adopted.append((self.batch.client_id.bytes, record.id.bytes))
        return None

    def _change(
        self, run: _Run | None, record: FlowRunChanged | TaskRunChanged, kind: str
    ) -> tuple[str, str, str] | None:
        if run is None or run.state is None:
            return "NotFound", f"there is no {kind.replace('_', ' ')} {record.id}", "id"
        actor = Actor.HISTORY if self._corrects(run, kind) else self.actor
        reason = why_not(run.state.type, run.state.run_count, record.state, actor)
        if reason is not None:
            return "Conflict", self._taken_for_dead(run, kind) or reason, "state"
        self._enter(run, record.state, kind)
        if record.name is not None:
            self.renamed.setdefault(kind, []).append((record.name, record.id.bytes))
        return None

    def _corrects(self, run: _Run, kind: str) -> bool:
        """Whether this is what a dead process left, and the run's end was guessed without it."""
        return self.batch.replayed and self._was_guessed(run, kind)

    def _was_guessed(self, run: _Run, kind: str) -> bool:
        """Whether the run has ended since its process, this one, was taken for dead."""
        if run.touched or run.state is None or run.state.type is not StateType.CRASHED:
            return False
        model = FlowRun if kind == "flow_run" else TaskRun
        return is_guess(self.db, model, run.id, self.batch.client_id)

    def _taken_for_dead(self, run: _Run, kind: str) -> str | None:
        """What is said to a process that goes on with a run which was ended for it."""
        if self.batch.replayed or not self._was_guessed(run, kind):
            return None
        run_id = run.id if kind == "flow_run" else run.flow_run_id
        named = FlowRun.select(FlowRun.name).where(FlowRun.id == run_id).tuples()
        which = "".join(f" of flow run '{name}'" for (name,) in named.execute(self.db))
        return (
            f"the process{which} was not heard of and taken for dead: the run has ended as "
            "CRASHED, whatever its code comes to from now on"
        )

    def _enter(self, run: _Run, state: StateChange, kind: str) -> None:
        run.state = state
        run.touched = True
        if state.type is StateType.RUNNING and run.start_time is None:
            run.start_time = state.timestamp
        if state.type in TERMINAL_STATES:
            run.end_time = state.timestamp
        owner = run.flow_run_id.bytes if run.flow_run_id is not None else None
        self.events.append((state.timestamp, kind, owner, run.id.bytes, self._payload(state)))

    def _payload(self, state: StateChange) -> str:
        if state.message is not None or state.result is not None:
            payload = StatePayload(
                state.type, state.name, state.message, state.run_count, state.result
            )
            return _json.encode(payload).decode()
        key = (state.type, state.name, state.run_count)
        text = self._payloads.get(key)
        if text is None:
            payload = StatePayload(state.type, state.name, None, state.run_count)
            text = self._payloads[key] = _json.encode(payload).decode()
        return text

    def _log(self, record: LogLine) -> None:
        owner, task = record.flow_run_id, record.task_run_id
        self.logs.append(
            (
                record.timestamp,
                record.level,
                owner.bytes if owner is not None else None,
                task.bytes if task is not None else None,
                record.logger,
                record.message,
            )
        )

    def _emit(self, record: EventEmitted) -> tuple[str, str, str] | None:
        if record.name.startswith(AUDIT):
            return "InvalidInput", f"names that begin with {AUDIT!r} are the service's own", "name"
        owner = record.flow_run_id
        payload = CustomPayload(record.name, record.resource, record.related, record.payload)
        self.events.append(
            (
                record.timestamp,
                CUSTOM,
                owner.bytes if owner is not None else None,
                record.id.bytes,
                _json.encode(payload).decode(),
            )
        )
        return None

    # -- writing ---------------------------------------------------------------------------------

    def write(self) -> None:
        """Write what the fold made."""
        counts = self._changed_counts()
        flow_runs = [run for run in self.flow_runs.values() if run.touched]
        task_runs = [run for run in self.task_runs.values() if run.touched]
        INSERT_FLOW_RUN.run_many(self.db, self._new_flow_runs(flow_runs, counts))
        client = self.batch.client_id.bytes if self.actor is Actor.RUN else None
        UPDATE_FLOW_RUN.run_many(self.db, [changed_row(run, client) for run in _old(flow_runs)])
        ADOPT_FLOW_RUN.run_many(self.db, self.adopted)
        INSERT_TASK_RUN.run_many(self.db, [task_run_row(run, client) for run in _new(task_runs)])
        UPDATE_TASK_RUN.run_many(self.db, [changed_row(run, client) for run in _old(task_runs)])
        for table, names in self.renamed.items():
            RENAME[table].run_many(self.db, names)
        forget(self.db, self.left_background)
        self._update_counts(counts)
        self.released += [run.id for run in _old(flow_runs) if _gives_slots_back(run.state)]
        release_runs(self.db, self.released)
        INSERT_EVENT.run_many(self.db, self.events)
        INSERT_LOG.run_many(self.db, self.logs)

    def _new_flow_runs(
        self, runs: list[_Run], counts: dict[UUID, dict[StateType, int]]
    ) -> list[tuple[Any, ...]]:
        new = list(_new(runs))
        if not new:
            return []
        flow_ids = self._flow_ids({run.created.flow_name: run.created for run in new})
        client = self.batch.client_id.bytes
        self._count_early(new, counts)
        return [
            flow_run_row(run, flow_ids[run.created.flow_name], client, counts.pop(run.id, {}))
            for run in new
        ]

    def _count_early(self, new: list[_Run], counts: dict[UUID, dict[StateType, int]]) -> None:
        """Add to the counts of new flow runs those task runs that were here before them.

        They come from other processes, whose streams may overtake the one that created the run.
        """
        for some in portions(run.id.bytes for run in new):
            for key, kind, count in early_counts(len(some)).run(self.db, *some).fetchall():
                early = counts.setdefault(UUID(bytes=key), {})
                early[StateType(kind)] = early.get(StateType(kind), 0) + count

    def _flow_ids(self, firsts: dict[str, FlowRunCreated]) -> dict[str, bytes]:
        """The ids of the flows by name, after creating those that are new."""
        rows = [
            {
                Flow.id: uuid_utils.uuid7().bytes,
                Flow.name: name,
                Flow.created_at: created.state.timestamp,
            }
            for name, created in firsts.items()
        ]
        Flow.insert_many(rows).on_conflict_ignore().execute(self.db)
        query = Flow.select(Flow.name, Flow.id).where(Flow.name.in_(list(firsts)))
        found = {name: flow_id.bytes for name, flow_id in query.tuples().execute(self.db)}
        for name in firsts.keys() - found.keys():  # with a character that is kept as another one
            found[name] = Flow.select(Flow.id).where(Flow.name == name).scalar(self.db).bytes
        return found

    def _changed_counts(self) -> dict[UUID, dict[StateType, int]]:
        """By how much the number of task runs in each state changes, for each flow run."""
        changes: dict[UUID, dict[StateType, int]] = {}
        for run in self.task_runs.values():
            if run.flow_run_id is None or run.state is None or run.counted is run.state.type:
                continue
            change = changes.setdefault(run.flow_run_id, {})
            change[run.state.type] = change.get(run.state.type, 0) + 1
            if run.counted is not None:
                change[run.counted] = change.get(run.counted, 0) - 1
        return changes

    def _update_counts(self, changes: dict[UUID, dict[StateType, int]]) -> None:
        """Change the counts of flow runs; those of one that is not there yet wait until it is."""
        rows: list[tuple[str, bytes]] = []
        for some in portions(changes):
            ids = [each.bytes for each in some]
            for key, text in known_counts(len(ids)).run(self.db, *ids).fetchall():
                counts = _decode_counts(text)
                for kind, difference in changes[UUID(bytes=key)].items():
                    counts[kind] = counts.get(kind, 0) + difference
                rows.append((encode_counts(counts), key))
        UPDATE_COUNTS.run_many(self.db, rows)


def _new(runs: Iterable[_Run]) -> Iterable[Any]:
    return (run for run in runs if run.created is not None)


def _old(runs: Iterable[_Run]) -> Iterable[Any]:
    return (run for run in runs if run.created is None)


def _gives_slots_back(state: StateChange) -> bool:
    """Whether a run in that state is not under way, and begins anew if it goes on."""
    return state.type in TERMINAL_STATES or state.name == "Suspended"


def fold_in(db: peewee.Database, records: list[Record], actor: Actor) -> list[RefusedRecord]:
    """Take records that are of no process's stream; those that cannot be taken, and why.

    Args:
        db: the writer's database, inside a transaction.
        records: the records, in order.
        actor: who asks for their changes of state.
    """
    fold = Fold(db, DecodedBatch(RecordBatch(NOBODY, 1, records), None, []), actor)
    fold.take_all()
    fold.write()
    return fold.refused
