"""States, as the schema shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import strawberry

from headrace.records import StateType, now_micros
from headrace_service.api.context import Info
from headrace_service.api.scalars import DateTime
from headrace_service.ledger.queries.attempts import attempts_in
from headrace_service.ledger.queries.counts import TaskCounts
from headrace_service.ledger.queries.events import StateRow
from headrace_service.ledger.queries.flow_runs import FlowRunRow
from headrace_service.ledger.queries.task_runs import TaskRunRow
from headrace_service.ledger.rows import StatePayload

_MEANING = {
    StateType.SCHEDULED: "To start at a time: Scheduled, Late, AwaitingRetry and others.",
    StateType.PENDING: "Handed over, about to start.",
    StateType.RUNNING: "User code is running: Running, Retrying.",
    StateType.PAUSED: "Waiting for somebody: Paused, Suspended.",
    StateType.CANCELLING: "Asked to stop, not yet stopped.",
    StateType.COMPLETED: "Ended well: Completed, Cached, RolledBack.",
    StateType.FAILED: "Ended with an error: Failed, TimedOut.",
    StateType.CRASHED: "Ended since its process or host went away.",
    StateType.CANCELLED: "Stopped on request.",
}

strawberry.enum(StateType, description="What kind of state a run is in.")
for _value in StateType.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _MEANING[StateType(_value.value)]


#: The types of states that may have something to keep: a result, or an exception.
_KEEPING = (StateType.COMPLETED, StateType.FAILED)


@strawberry.type(description="A state that a run was or is in.")
class State:
    """A state."""

    #: The run that is in it; None for a state that an event tells of, whose result is known.
    run_id: strawberry.Private[UUID | None]
    known_result: strawberry.Private[str | None]
    type: StateType = strawberry.field(description="What kind of state it is.")
    name: str = strawberry.field(description="Its name, closer than its type: `TimedOut`.")
    message: str | None = strawberry.field(description="What there is to say about it.")
    timestamp: DateTime = strawberry.field(description="When it was entered.")
    run_count: int = strawberry.field(
        description="The attempt it belongs to: 0 before the first, 2 for the first retry."
    )

    @strawberry.field(
        description="Where what came of the run is kept, if it is: JSON for the SDK to read it."
    )
    async def result(self, info: Info) -> str | None:
        """What the run told of it."""
        if self.run_id is None or self.type not in _KEEPING:
            return self.known_result
        return await info.context.loaders.kept_results.load(self.run_id)

    @classmethod
    def of_run(cls, row: FlowRunRow | TaskRunRow) -> State:
        """The state that a run is in."""
        return cls(
            run_id=row.id,
            known_result=None,
            type=StateType(row.state_type),
            name=row.state_name,
            message=row.state_message,
            timestamp=DateTime(row.state_timestamp),
            run_count=row.run_count,
        )

    @classmethod
    def of(cls, at: int, payload: StatePayload) -> State:
        """The state that an event tells of."""
        return cls(
            run_id=None,
            known_result=payload.result,
            type=payload.type,
            name=payload.name,
            message=payload.message,
            timestamp=DateTime(at),
            run_count=payload.run_count,
        )


@strawberry.type(description="One attempt of a run.")
class Attempt:
    """An attempt."""

    number: int = strawberry.field(description="1 for the first one, 2 for the first retry.")
    start_time: DateTime | None = strawberry.field(
        description="When it began to run; null before, and for one that never did."
    )
    end_time: DateTime | None = strawberry.field(description="When it ended; null before.")
    state: State = strawberry.field(
        description="Its last state. One that is followed by another has failed: its last state "
        "is the one that led to that, `AwaitingRetry` or `Retrying`."
    )

    @classmethod
    def all_in(cls, history: Sequence[StateRow]) -> list[Attempt]:
        """The attempts that a history tells of."""
        return [
            cls(
                number=one.number,
                start_time=None if one.start is None else DateTime(one.start),
                end_time=None if one.end is None else DateTime(one.end),
                state=State.of(one.state.at, one.state.payload),
            )
            for one in attempts_in(history)
        ]


async def states_of(run_id: UUID, info: Info) -> list[State]:
    """The states that a run has been in, oldest first."""
    return [State.of(row.at, row.payload) for row in await _history(run_id, info)]


async def attempts_of(run_id: UUID, info: Info) -> list[Attempt]:
    """A run's attempts, the first first."""
    return Attempt.all_in(await _history(run_id, info))


async def _history(run_id: UUID, info: Info) -> Sequence[StateRow]:
    rows = await info.context.loaders.history.load(run_id)
    info.context.spend(rows)
    return rows


@strawberry.type(description="How many runs are in states of one type.")
class StateCount:
    """A count for one type of state."""

    type: StateType = strawberry.field(description="The type.")
    count: int = strawberry.field(description="How many runs are in it.")


_counts = msgspec.json.Decoder(dict[StateType, int])


def state_counts(text: str) -> list[StateCount]:
    """The counts of a JSON object, in the order of the types; those of 0 are left out."""
    return counts_of(_counts.decode(text))


def counts_of(counts: Mapping[StateType, int]) -> list[StateCount]:
    """The counts, in the order of the types; those of 0 are left out."""
    return [
        StateCount(type=kind, count=counts[kind]) for kind in StateType if counts.get(kind, 0) > 0
    ]


@strawberry.type(description="How a flow run's runs of one task stand.")
class TaskSummary:
    """A line of a run's summary."""

    task_name: str = strawberry.field(description="The name of the task.")
    counts: list[StateCount] = strawberry.field(
        description="How many of its runs are in states of each type, without the zeros."
    )

    @classmethod
    def of(cls, row: TaskCounts) -> TaskSummary:
        """The line of a row."""
        return cls(task_name=row.task_name, counts=counts_of(row.counts))


def duration(row: FlowRunRow | TaskRunRow) -> float | None:
    """Seconds from a run's start to its end, or to now when there is no end; None before."""
    if row.start_time is None:
        return None
    end = now_micros() if row.end_time is None else row.end_time
    return max(0, end - row.start_time) / 1_000_000
