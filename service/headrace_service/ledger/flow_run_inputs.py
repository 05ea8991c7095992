"""What is given to flow runs while they run, and resuming those that wait for it.

A run that pauses for input says under which key it expects it, and of what form it has to be: under
`pause` stands `{"response": KEY, "schema": JSON schema or null}`. Resuming it checks the input
against that, and puts it under that key, in the same transaction that changes the state. There it
also stands until when a run may be suspended that has not to wait for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from uuid import UUID

import msgspec
import peewee

from headrace.records import Name, StateType, now_micros
from headrace_service.json_schema import in_words, problems
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.models import FlowRun, FlowRunInput
from headrace_service.ledger.state_changes import (
    change_flow_run,
    state_of_flow_run,
    take_from_process,
)
from headrace_service.ledger.statements import put
from headrace_service.rules import Actor

#: The key under which a paused run says what it waits for.
PAUSE = "pause"

#: How many inputs one question is answered with, and how long a key may be.
MAX_INPUTS, MAX_KEY = 200, 1024


class InputRow(msgspec.Struct, frozen=True):
    """An input. `value` is JSON; `created_at` is in microseconds since 1970 UTC."""

    key: str
    value: str
    sender: str | None
    created_at: int


class Expected(msgspec.Struct, frozen=True):
    """What a paused run waits for: the key of the answer, and its JSON schema if it has one.

    `until` is when it fails if nobody has resumed it, in microseconds since 1970 UTC.
    """

    response: Name | None = None
    schema: dict[str, object] | None = None
    until: int | None = None


_read_expected = msgspec.json.Decoder(Expected).decode
_COLUMNS = (FlowRunInput.key, FlowRunInput.value, FlowRunInput.sender, FlowRunInput.created_at)


def create_input(
    db: peewee.Database,
    flow_run_id: UUID,
    key: str,
    value: str,
    sender: str | None,
    replace: bool,
) -> InputRow:
    """Give a flow run an input, in place of the one of that key if `replace` allows it.

    Raises:
        NotFound: there is no such run.
        Conflict: there is such an input.
        InvalidInput: the key or the sender cannot be used.
    """
    for field, text in (("key", key), ("sender", sender)):
        if text is not None and not 1 <= len(text) <= MAX_KEY:
            raise InvalidInput(f"{field}: use 1 to {MAX_KEY} characters", field)
    if not FlowRun.select().where(FlowRun.id == flow_run_id).exists(db):
        raise NotFound(f"there is no flow run {flow_run_id}", "flowRunId")
    if not replace and inputs_by_key(db, flow_run_id, [key]):
        raise Conflict(f"flow run {flow_run_id} has an input '{key}' already", "key")
    row = InputRow(key, value, sender, now_micros())
    values = {
        FlowRunInput.flow_run_id: flow_run_id,
        **dict(zip(_COLUMNS, _values(row), strict=True)),
    }
    put(db, FlowRunInput, values)
    return row


def delete_input(db: peewee.Database, flow_run_id: UUID, key: str) -> bool:
    """Take an input away; whether there was one."""
    found = (FlowRunInput.flow_run_id == flow_run_id) & (FlowRunInput.key == key)
    return bool(FlowRunInput.delete().where(found).execute(db))


def inputs_by_key(db: peewee.Database, flow_run_id: UUID, keys: Sequence[str]) -> list[InputRow]:
    """Those of a flow run's inputs that have these keys."""
    query = FlowRunInput.select(*_COLUMNS).where(
        FlowRunInput.flow_run_id == flow_run_id, FlowRunInput.key.in_(keys)
    )
    return [InputRow(*row) for row in query.tuples().execute(db)]


def inputs_by_prefix(
    db: peewee.Database, flow_run_id: UUID, prefix: str, limit: int
) -> list[InputRow]:
    """A flow run's inputs whose keys begin with `prefix`, the oldest first, so many at most."""
    query = FlowRunInput.select(*_COLUMNS).where(FlowRunInput.flow_run_id == flow_run_id)
    if prefix:
        # A range of the primary key: no pattern, and no user's `%` that means something.
        query = query.where(FlowRunInput.key >= prefix, FlowRunInput.key < prefix + "\U0010ffff")
    query = query.order_by(FlowRunInput.created_at, FlowRunInput.key).limit(min(limit, MAX_INPUTS))
    return [InputRow(*row) for row in query.tuples().execute(db)]


def resume_flow_run(
    db: peewee.Database, flow_run_id: UUID, given: dict[str, object] | None
) -> None:
    """Let a paused flow run go on, with what it waits for.

    One whose process waits in place runs at once; one that was suspended is scheduled.

    Raises:
        NotFound: there is no such run.
        Conflict: it is not paused.
        InvalidInput: the input is not what it waits for.
    """
    current = state_of_flow_run(db, flow_run_id)
    if current is None:
        raise NotFound(f"there is no flow run {flow_run_id}", "id")
    if current.type is not StateType.PAUSED:
        raise Conflict(f"Cannot resume a run that is not paused: it is {current.name}", "id")
    _take_answer(db, flow_run_id, given)
    if current.name == "Suspended":
        refused = change_flow_run(db, flow_run_id, StateType.SCHEDULED, "Resuming", Actor.USER)
        # It is due, for any worker, and nobody's until then: its process ends, or has ended.
        take_from_process(db, flow_run_id, max(now_micros(), _due(db, flow_run_id)))
    else:
        refused = change_flow_run(db, flow_run_id, StateType.RUNNING, "Running", Actor.USER)
    if refused is not None:
        raise Conflict(refused.message, "id")


def _due(db: peewee.Database, flow_run_id: UUID) -> int:
    """When a run was due before it was paused; 0 when it had no time."""
    query = FlowRun.select(FlowRun.scheduled_time).where(FlowRun.id == flow_run_id)
    return query.scalar(db) or 0


def _take_answer(db: peewee.Database, flow_run_id: UUID, given: dict[str, object] | None) -> None:
    expected = _expected(db, flow_run_id)
    if given and (expected is None or expected.schema is None):
        raise InvalidInput("the run does not wait for any input", "input")
    if expected is None:
        return
    answer = given or {}
    if expected.schema is not None and (
        wrong := problems(expected.schema, answer, text_tells=False)
    ):
        path, reason = wrong[0]
        if len(wrong) > 1:
            reason = f"{reason}; {in_words(wrong[1:])}"
        raise InvalidInput(reason, f"input.{path}" if path else "input")
    if expected.response is not None:
        value = json_text(answer)
        create_input(db, flow_run_id, expected.response, value, None, replace=True)
    delete_input(db, flow_run_id, PAUSE)


def wait_until(db: peewee.Database, flow_run_id: UUID, until: int) -> None:
    """Let a run that was suspended from outside fail at `until`, unless it was resumed by then."""
    value = json_text(Expected(until=until))
    create_input(db, flow_run_id, PAUSE, value, None, replace=True)


def overdue(db: peewee.Database, now: int) -> list[UUID]:
    """The paused runs that nobody has resumed in time, as it is at `now`."""
    return [run_id for run_id, until in _paused_until(db) if until <= now]


def next_overdue(db: peewee.Database) -> int | None:
    """When the next paused run is overdue unless it is resumed; None when none will be."""
    return min((until for _, until in _paused_until(db)), default=None)


def _paused_until(db: peewee.Database) -> list[tuple[UUID, int]]:
    """The paused runs that are to be resumed by some time."""
    query = (
        FlowRunInput.select(FlowRunInput.flow_run_id, FlowRunInput.value)
        .join(FlowRun, on=FlowRun.id == FlowRunInput.flow_run_id)
        .where(FlowRun.state_type == StateType.PAUSED.value, FlowRunInput.key == PAUSE)
    )
    return [
        (run_id, expected.until)
        for run_id, value in query.tuples().execute(db)
        if (expected := _read(value)) is not None and expected.until is not None
    ]


def fail_overdue(db: peewee.Database, now: int) -> int:
    """End the paused runs that nobody has resumed in time; how many there were."""
    runs = overdue(db, now)
    for run_id in runs:
        message = "The flow was paused and never resumed."
        refused = change_flow_run(db, run_id, StateType.FAILED, "Failed", Actor.SERVICE, message)
        assert refused is None
        delete_input(db, run_id, PAUSE)
    return len(runs)


def _expected(db: peewee.Database, flow_run_id: UUID) -> Expected | None:
    for row in inputs_by_key(db, flow_run_id, [PAUSE]):
        return _read(row.value)
    return None


def _read(value: str) -> Expected | None:
    """What a run waits for. What somebody else has put in its place says nothing."""
    with contextlib.suppress(msgspec.ValidationError):
        return _read_expected(value)
    return None


def _values(row: InputRow) -> tuple[object, ...]:
    return row.key, row.value, row.sender, row.created_at
