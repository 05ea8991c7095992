"""The wire's messages and the state types: the ground floor that SDK and service share.

A process reports what happens to its runs as one ordered stream of records, sent in numbered
batches. This module imports nothing of ours, so that both sides can build on it.

Conventions: ids are UUIDs (version 7 when we make them, so they sort by time); every time is a
whole number of **microseconds since 1970-01-01 UTC**.
"""

from __future__ import annotations

import enum
import time
from typing import Annotated, Any
from uuid import UUID

import msgspec

#: Raised when the wire's messages change in a way that an older service cannot read. A client asks
#: the service for its number at the first contact and refuses to talk to an older one.
WIRE_VERSION = 3
#: Workers of an older one are refused by a service: what they execute would not ask for it first.
OLDEST_WORKERS = 2

#: No message may carry more text than this (characters); longer log lines are cut by the sender.
MAX_TEXT = 65_536


class StateType(str, enum.Enum):  # noqa: UP042  # prints as Prefect's: StateType.COMPLETED
    """What kind of state a run is in; the names are Prefect's."""

    SCHEDULED = "SCHEDULED"  #: to start at a time: Scheduled, Late, AwaitingRetry, …
    PENDING = "PENDING"  #: handed over, about to start
    RUNNING = "RUNNING"  #: user code is running: Running, Retrying
    COMPLETED = "COMPLETED"  #: terminal: Completed, Cached, RolledBack
    FAILED = "FAILED"  #: terminal: Failed, TimedOut
    CANCELLED = "CANCELLED"  #: terminal: stopped on request
    CRASHED = "CRASHED"  #: terminal: the process or its host went away
    PAUSED = "PAUSED"  #: waiting for somebody: Paused, Suspended
    CANCELLING = "CANCELLING"  #: asked to stop, not yet stopped

    def __repr__(self) -> str:
        return str(self)

    @property
    def is_terminal(self) -> bool:
        """Whether a run in this state has ended for good."""
        return self in TERMINAL_STATES


TERMINAL_STATES = frozenset(
    {StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED}
)
#: The others, in the order of their definition.
OPEN_STATES = tuple(state for state in StateType if state not in TERMINAL_STATES)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT + 128)]
Micros = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class StateChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run enters a state.

    `run_count` is the number of the attempt the state belongs to: 0 before the first one started,
    1 for the first, 2 for the first retry. `result` tells where the run's result is kept, if it is:
    JSON for those who read it; the ledger only keeps it.
    """

    type: StateType
    name: Name
    timestamp: Micros
    message: Text | None = None
    run_count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    result: Text | None = None


class FlowRunCreated(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="flow_run"
):
    """A flow run exists from now on, in `state`."""

    id: UUID
    flow_name: Name
    name: Name
    state: StateChange
    flow_version: Name | None = None
    parameters: dict[str, Any] = {}
    tags: list[Name] = []
    parent_flow_run_id: UUID | None = None
    parent_task_run_id: UUID | None = None


class TaskRunCreated(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="task_run"
):
    """A task run exists from now on, in `state`.

    `inputs` names, per parameter, the runs whose results went into it. `flow_run_id` is absent for
    a task that was called outside of every flow.
    """

    id: UUID
    task_name: Name
    name: Name
    state: StateChange
    flow_run_id: UUID | None = None
    tags: list[Name] = []
    inputs: dict[str, list[UUID]] = {}


class FlowRunChanged(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="flow_run_state"
):
    """A flow run enters a state.

    `epoch` is there when the run was given to this process by a worker: the number of the claim. It
    is refused when the run has been claimed anew since. `name` is what the run is called from now
    on, if that has changed.
    """

    id: UUID
    state: StateChange
    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    name: Name | None = None


class TaskRunChanged(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="task_run_state"
):
    """A task run enters a state.

    `epoch` is there when the run was given to this process, a task worker; it and `name` are as in
    `FlowRunChanged`. `lease_id` is a lease of slots that ends with the attempt.
    """

    id: UUID
    state: StateChange
    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    name: Name | None = None
    lease_id: UUID | None = None


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="log"):
    """One log line. `level` is a number of the `logging` module (20 is INFO)."""

    timestamp: Micros
    level: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    logger: Name
    message: Text
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class EventEmitted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="event"):
    """Something that a user's program tells of: `name` says what, `resource` what it is about.

    Resources are labels by name, with their id under `headrace.resource.id`.
    """

    id: UUID
    timestamp: Micros
    name: Name
    resource: dict[str, str]
    related: list[dict[str, str]] = []
    payload: dict[str, Any] = {}
    flow_run_id: UUID | None = None


Record = FlowRunCreated | TaskRunCreated | FlowRunChanged | TaskRunChanged | LogLine | EventEmitted


class ProcessInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The process that has a stream.

    `identity` tells it apart from every other process of its machine (`headrace.liveness`).
    `lease_seconds` is how long it counts as living from the arrival of a batch on. `direct` tells
    that it writes into the ledger's file itself, with no service in between.
    """

    host: Name
    pid: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    identity: Name
    lease_seconds: Annotated[float, msgspec.Meta(gt=0, le=10_000_000)]
    direct: bool = False


class RunClaim(msgspec.Struct, frozen=True):
    """A flow run that a worker has claimed, and the number of the claim."""

    flow_run_id: UUID
    epoch: int


class TaskClaim(msgspec.Struct, frozen=True):
    """A background run of a task that a task worker has claimed, and the number of the claim."""

    task_run_id: UUID
    epoch: int


class RecordBatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of one client's stream.

    `client_id` names the stream (one per process), `number` counts its batches from 1 without a
    hole. A batch that was taken before is acknowledged again and changes nothing.

    `process` is there while the stream has runs that have not ended: when the process is not heard
    of for longer than its lease, they are taken for crashed. Until then it sends batches without
    records when there are none.

    `replayed` tells that the process has ended, and somebody else sends what it left in its spool.
    It is history, then, and corrects a CRASHED that was only guessed.

    `claim` names the run that the process was started for. Once that has been claimed anew, nothing
    of the process is taken any more, save as history.
    """

    client_id: UUID
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    records: list[Record]
    process: ProcessInfo | None = None
    replayed: bool = False
    claim: RunClaim | None = None


class RefusedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why one record of a batch was not taken; the rest of the batch was.

    `index` is its place in the batch, from 0. `field` is the path of what is wrong, such as
    `state.timestamp`, or None when it is the record as a whole.
    """

    index: int
    code: str
    message: str
    field: str | None = None


class ClaimLoss(str, enum.Enum):  # noqa: UP042  # as StateType
    """Why a claimed run is no longer its process's, which is to end."""

    SUPERSEDED = "SUPERSEDED"  #: somebody else has it, or will have: the process was silent
    ENDED = "ENDED"  #: the run was ended, since the process was silent


class BatchAck(msgspec.Struct, frozen=True, omit_defaults=True):
    """A batch is committed. `duplicate` tells that it had been before.

    `lost` tells that the run of the batch's `claim` is no longer the process's. `cancelling` are
    flow runs of the stream that are to end: those that no worker has started and will end.
    """

    number: int
    accepted: int
    refused: list[RefusedRecord] = []
    duplicate: bool = False
    lost: ClaimLoss | None = None
    cancelling: list[UUID] = []


class SlotHolder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who holds slots of a concurrency limit, or waits for them; for people to look at.

    A run that waits for a worker has no `host` and no `pid` yet. `identity`
    (`headrace.liveness`) is there when the slots are no run's, and end with the process.
    """

    host: Annotated[str, msgspec.Meta(max_length=1024)]
    pid: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None
    identity: Name | None = None


class SlotRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """Slots are wanted: `occupy` of each limit that is named, all of them or none.

    `lease_id`, which the caller makes, names the lease that is asked for: asking again under the
    same one is safe. `lease_seconds` is how long the slots are kept unless the lease is renewed.
    With `wait` the caller takes a place in the line. `rate_limited` asks for slots that are not
    given back but come back by themselves. When `client_id` is there, the slots end with the
    process that has this stream. They are of the share that the limits have for `key`. `priority`
    is the seconds by which it goes before those of its key that came earlier.
    """

    lease_id: UUID
    names: Annotated[list[Name], msgspec.Meta(max_length=200)]
    holder: SlotHolder
    occupy: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] = 1
    lease_seconds: Annotated[float, msgspec.Meta(gt=0, le=10_000_000)] = 300.0
    wait: bool = True
    rate_limited: bool = False
    client_id: UUID | None = None
    key: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    priority: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] = 0.0


class SlotAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request for slots.

    `granted` tells that the slots are held; `limits` are the names of those limits that exist, and
    `leased` whether the lease is to be renewed and released. When not granted, `refused` says why
    it never will be; None is a request that waits, or that did not want to. `mend` says what can be
    done about that.
    """

    granted: bool
    limits: list[str] = []
    leased: bool = False
    refused: str | None = None
    mend: str | None = None


class SlotLease(msgspec.Struct, frozen=True):
    """A lease that is to last for so many seconds from now on."""

    lease_id: UUID
    seconds: Annotated[float, msgspec.Meta(gt=0, le=10_000_000)]


class SlotExchange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the threads of one process ask about slots, all at once; in this order, in one step.

    `release` are leases to be given back, or waited for no more. `renew` are leases that are to
    last longer. `acquire` are requests for slots (`SlotRequest`), each decoded by itself, so that
    one that makes no sense spoils nothing. `waiting` are leases that were asked for earlier.

    When there is nothing but `waiting`, the answer comes as soon as there is something to tell of
    one of them, or after `wait_seconds`.
    """

    acquire: list[msgspec.Raw] = []
    release: list[UUID] = []
    renew: list[SlotLease] = []
    waiting: list[UUID] = []
    wait_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class SlotNews(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to an exchange.

    `answers` has what became of requests, by lease; those of which it says nothing wait. Those in
    `unknown` do not: ask for them anew. `released` are those leases of `release` that had slots, or
    a place in line, when they were given back first. `lost` are those of `renew` that have ended.
    `service` names who answers: nobody else remembers what was given back to it.
    """

    answers: dict[UUID, SlotAnswer] = {}
    unknown: list[UUID] = []
    released: list[UUID] = []
    lost: list[UUID] = []
    service: str = ""


def read_at_once(*kinds: Any) -> None:
    """Let any number of threads read structs of these types at once.

    msgspec puts together how a struct is read when it is read for the first time, and ends the
    process where another thread does so meanwhile (seen in 0.22). Hence whoever defines a struct
    that is read calls this as its module is imported, before anybody else has it; a decoder that is
    made there does the same.

    Args:
        kinds: the structs.
    """
    for kind in kinds:
        msgspec.json.Decoder(kind)


read_at_once(
    *(
        kind
        for kind in tuple(globals().values())
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    )
)


def now_micros() -> int:
    """The time now, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000
