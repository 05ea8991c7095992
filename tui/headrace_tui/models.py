"""What the monitor knows of runs and logs: plain values, compact enough for tens of thousands.

Times are whole microseconds since 1970-01-01 UTC; ids are the service's ids as text. UUIDs of
version 7 sort by their time as text too, so an id doubles as the order of creation.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.records import TERMINAL_STATES

#: State types that want somebody's attention.
TROUBLE = frozenset({"FAILED", "CRASHED"})


@dataclass(slots=True, frozen=True)
class State:
    """A state that a run is, or was, in. `run_count` is the number of the attempt, from 1."""

    type: str
    name: str
    at: int
    message: str | None = None
    run_count: int = 0


@dataclass(slots=True)
class Run:
    """A flow run or a task run, as far as tables show it.

    Args:
        kind: "flow" or "task".
        group: the name of its flow or task.
        start_time: when its first attempt started, None before that.
        end_time: when it reached a terminal state, None before that.
        counts: a flow run's task runs by state type.
        parent_id: the flow run it belongs to, None at the top.
    """

    id: str
    kind: str
    name: str
    group: str
    state: State
    created: int
    start_time: int | None = None
    end_time: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    parent_id: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether its duration is still growing."""
        return self.start_time is not None and self.end_time is None and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.state.type in TERMINAL_STATES

    @property
    def begun(self) -> int | None:
        """When it left the queue: when it started or, if it ended without, when it ended."""
        return self.state.at if self.start_time is None and self.is_over else self.start_time

    @property
    def retries(self) -> int:
        """How many attempts followed the first one."""
        return max(0, self.state.run_count - 1)

    def duration(self, now: int) -> int | None:
        """Microseconds from its start until its end, or until `now`; None before it started."""
        if self.start_time is None:
            return None
        end = self.end_time if self.end_time is not None else self.state.at if self.is_over else now
        return max(0, end - self.start_time)


@dataclass(slots=True, frozen=True)
class Attempt:
    """One stretch of work; `end` is None while it lasts, and `failed` tells how it ended."""

    start: int
    end: int | None
    failed: bool


#: What an attempt that failed is followed by: a wait or another attempt, unless it was the last.
_AFTER_FAILURE = TROUBLE | {"SCHEDULED", "RUNNING"}


def attempts_of(history: Sequence[State]) -> list[Attempt]:
    """The attempts that a run's states tell of, the oldest first.

    An attempt that another one follows has failed, whatever the states between are called.
    """
    attempts: list[Attempt] = []
    begun: int | None = None
    for state in history:
        if begun is not None:
            attempts.append(Attempt(begun, state.at, state.type in _AFTER_FAILURE))
            begun = None
        if state.type == "RUNNING":
            begun = state.at
    if begun is not None:
        attempts.append(Attempt(begun, None, False))
    return attempts


@dataclass(slots=True)
class RunDetails:
    """What only the details pane shows of a run."""

    run: Run
    history: list[State]
    parameters: object = None
    flow_version: str | None = None
    inputs: list[tuple[str, str]] = field(default_factory=list)
    #: What held it back when it was looked at.
    blocked_by: list[str] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class LogRow:
    """One log line. `level` is a number of the `logging` module (20 is INFO)."""

    cursor: str
    at: int
    level: int
    logger: str
    message: str
    flow_run_id: str | None = None
    task_run_id: str | None = None


@dataclass(slots=True)
class Page:
    """Some of a list's runs, and where to go on.

    Args:
        rows: the runs, in the service's order.
        next: the cursor of the next page, None at the end.
        feed: the feed's cursor at the moment the page was read: subscribe after it.
        end: the cursor behind the last row, None when there are no rows.
    """

    rows: list[Run]
    next: str | None
    feed: str
    end: str | None


@dataclass(slots=True)
class LogPage:
    """Some log lines, oldest first.

    Args:
        rows: the lines.
        before: the cursor that leads to older ones, None when there are none.
        after: the cursor that leads to newer ones, None when there are none.
        feed: the feed's cursor at the moment the page was read: subscribe after it.
    """

    rows: list[LogRow]
    before: str | None
    after: str | None
    feed: str


class Link(enum.Enum):
    """How the connection to the service stands."""

    CONNECTING = "connecting"
    LIVE = "live"
    AWAY = "reconnecting"
    REFUSED = "refused"


@dataclass(slots=True, frozen=True)
class Connection:
    """The connection as it is shown.

    Args:
        link: how it stands.
        latency: the last round trip, in seconds.
        attempt: the number of the attempt to come back, from 1.
        retry_at: when it is tried again, on the monotonic clock (seconds).
        lost_at: when the service was last heard of, on the monotonic clock (seconds).
        reason: why it is away or refused, in one line.
    """

    link: Link = Link.CONNECTING
    latency: float | None = None
    attempt: int = 0
    retry_at: float | None = None
    lost_at: float | None = None
    reason: str = ""
