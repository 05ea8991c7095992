"""What programs do to runs by hand: create them, set their states, change them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    Name,
    StateChange,
    StateType,
    TaskRunChanged,
    Text,
    now_micros,
)
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import Conflict, NotFound
from headrace_service.ledger.fold import fold_in
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import EDITED, FlowRun, TaskRun
from headrace_service.ledger.notices import tell
from headrace_service.ledger.state_changes import change_states
from headrace_service.rules import Actor


class NewState(msgspec.Struct, frozen=True):
    """A state that a run is to enter now; `force` enters it whatever the rules say."""

    type: StateType
    name: Name
    message: Text | None = None
    force: bool = False


class FlowRunChanges(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to change of a flow run; what is None stays."""

    name: Name | None = None
    tags: list[Name] | None = None
    parameters: dict[str, Any] | None = None
    flow_version: Name | None = None


def create_flow_run(
    db: peewee.Database,
    new: FlowRunCreated,
    idempotency_key: str | None = None,
    scheduled_time: int | None = None,
) -> UUID:
    """A run of a flow that somebody means to carry out by hand. Returns its id.

    It may be due at a time, in microseconds since 1970 UTC.

    With an idempotency key that was given before, it is the one that was created then.

    Raises:
        Conflict: there is a run of that id, or something else was asked for under the key.
    """
    state = msgspec.structs.replace(new.state, timestamp=0)
    once = Once(
        "createFlowRunByHand",
        idempotency_key,
        msgspec.structs.replace(new, id=UUID(int=0), state=state),
    )
    if (made := once.made(db)) is not None:
        return made
    for refused in fold_in(db, [new], Actor.CLIENT):
        raise Conflict(refused.message, refused.field)
    if scheduled_time is not None:
        FlowRun.update(scheduled_time=scheduled_time).where(FlowRun.id == new.id).execute(db)
    once.note(db, new.id)
    return new.id


def set_flow_run_state(db: peewee.Database, run_id: UUID, state: NewState) -> None:
    """Let a flow run enter a state.

    Raises:
        NotFound: there is no such run.
        Conflict: it may not enter that state from the one it is in.
    """
    _set_state(db, FlowRun, FlowRunChanged, run_id, state)


def set_task_run_state(db: peewee.Database, run_id: UUID, state: NewState) -> None:
    """Let a task run enter a state; see `set_flow_run_state`."""
    _set_state(db, TaskRun, TaskRunChanged, run_id, state)


def _set_state(
    db: peewee.Database,
    table: type[FlowRun] | type[TaskRun],
    change: type[FlowRunChanged] | type[TaskRunChanged],
    run_id: UUID,
    state: NewState,
) -> None:
    run_count = _attempt(db, table, run_id)
    # To run is a new attempt: what an earlier one has to say from now on is not heard.
    attempt = run_count + (state.type is StateType.RUNNING)
    entered = StateChange(state.type, state.name, now_micros(), state.message, attempt)
    actor = Actor.FORCE if state.force else Actor.CLIENT
    for refused in change_states(db, [change(run_id, entered)], actor):
        raise Conflict(refused.message, refused.field)


def update_flow_run(db: peewee.Database, run_id: UUID, changes: FlowRunChanges) -> None:
    """Change what a flow run is called, and what is said about it.

    Raises:
        NotFound: there is no such run.
    """
    values = {
        "name": changes.name,
        "flow_version": changes.flow_version,
        "tags": None if changes.tags is None else json_text(changes.tags),
        "parameters": None if changes.parameters is None else json_text(changes.parameters),
    }
    values = {column: value for column, value in values.items() if value is not None}
    _attempt(db, FlowRun, run_id)
    if values:
        FlowRun.update(**values).where(FlowRun.id == run_id).execute(db)
        tell(db, EDITED, run_id)


def _attempt(db: peewee.Database, table: Any, run_id: UUID) -> int:
    """The number of the attempt that a run is at."""
    query = table.select(table.run_count).where(table.id == run_id)
    for (run_count,) in query.tuples().execute(db):
        return int(run_count)
    raise NotFound(f"there is no {table._meta.table_name.replace('_', ' ')} {run_id}", "id")
