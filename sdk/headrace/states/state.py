"""A state of a run, and what comes of asking it for the run's result."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeGuard, TypeVar, cast

import msgspec

from headrace.clipping import clip
from headrace.exceptions import (
    CancelledRun,
    CrashedRun,
    FailedRun,
    HeadraceException,
    MissingResult,
    PausedRun,
    UnfinishedRun,
    UnserializableResult,
)
from headrace.records import TERMINAL_STATES, StateChange, StateType, now_micros
from headrace.text import MAX_NAME, clip_name, describe, describe_error

if TYPE_CHECKING:
    from uuid import UUID

R = TypeVar("R", covariant=True)

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

#: By the type of a failure: what stands for it where there is no exception, and what that says
#: where there is no message.
_ERRORS: dict[StateType, tuple[type[HeadraceException], str]] = {
    StateType.FAILED: (FailedRun, "Run failed."),
    StateType.CRASHED: (CrashedRun, "Run crashed."),
    StateType.CANCELLED: (CancelledRun, "Run cancelled."),
}


class StateDetails(msgspec.Struct):
    """What is known about a state besides its message; times are in UTC."""

    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None
    child_flow_run_id: UUID | None = None
    scheduled_time: datetime.datetime | None = None
    cache_key: str | None = None
    cache_expiration: datetime.datetime | None = None
    deferred: bool | None = None
    pause_timeout: datetime.datetime | None = None
    pause_reschedule: bool = False
    pause_key: str | None = None
    run_input_keyset: dict[str, str] | None = None
    refresh_cache: bool | None = None
    retriable: bool | None = None

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """What is known as a dict, with what is not as None unless that is left out."""
        known = msgspec.structs.asdict(self)
        return {n: value for n, value in known.items() if not (exclude_none and value is None)}


class State(Generic[R]):
    """A state of a run.

    Args:
        type: what kind of state this is.
        name: its name; by default, and in place of an empty one, the type's: "Completed".
        message: what there is to say about it.
        data: what came of the run: its value, or the exception that ended it.
        micros: when it was entered, in microseconds since 1970-01-01 UTC; by default now.
        timestamp: the same as a date and time.
        state_details: what is known about it besides.
        id: its id; by default a new one.

    Raises:
        pydantic.ValidationError: there is no such type.
    """

    __slots__ = (
        "_details",
        "_id",
        "data",
        "flow_run_id",
        "has_data",
        "kept",
        "message",
        "micros",
        "name",
        "task_run_id",
        "type",
    )

    def __init__(
        self,
        type: StateType,
        name: str | None = None,
        message: str | None = None,
        data: object = None,
        micros: int | None = None,
        *,
        timestamp: datetime.datetime | None = None,
        state_details: StateDetails | Mapping[str, Any] | None = None,
        id: UUID | None = None,
    ) -> None:
        self.type = type if type.__class__ is StateType else _as_type(type)
        self.name = name or self.type.value.capitalize()
        # Users make states, too, and what they give as a message may be an exception.
        given: object = message
        self.message = message if given is None or isinstance(given, str) else describe(given)
        self.data = data
        #: Whether `data` is known, be it None: it is not in a state that a user made without any.
        self.has_data = data is not None
        #: Where the data is kept, if it is: see `ResultRecordMetadata.as_reference`.
        self.kept: str | None = None
        if micros is None:
            micros = now_micros() if timestamp is None else micros_of(timestamp)
        self.micros = micros
        self._id = id
        #: The run that is in this state; a state that a user made has none.
        self.flow_run_id: UUID | None = None
        self.task_run_id: UUID | None = None
        self._details: StateDetails | None = None
        if state_details is not None:
            self.state_details = state_details

    @property
    def timestamp(self) -> datetime.datetime:
        """When the state was entered, in UTC."""
        return _EPOCH + datetime.timedelta(microseconds=self.micros)

    @property
    def id(self) -> UUID:
        """What tells this state from others."""
        if self._id is None:
            from headrace.ids import new_id

            self._id = new_id()
        return self._id

    @property
    def state_details(self) -> StateDetails:
        """What is known about the state besides its message."""
        if self._details is None:
            # Made when first asked for: there is a state, or several, for every task call.
            self._details = StateDetails(self.flow_run_id, self.task_run_id)
            if self.type is StateType.SCHEDULED:
                self._details.scheduled_time = self.timestamp
        return self._details

    @state_details.setter
    def state_details(self, details: StateDetails | Mapping[str, Any]) -> None:
        given = details if isinstance(details, StateDetails) else StateDetails(**details)
        if self.type is StateType.SCHEDULED and given.scheduled_time is None:
            given.scheduled_time = self.timestamp
        self._details = given

    def of_run(self, flow_run_id: UUID | None, task_run_id: UUID | None = None) -> State[R]:
        """This state, as one that a run is in: its data is known, and its details tell the run."""
        self.has_data = True
        self.flow_run_id, self.task_run_id = flow_run_id, task_run_id
        if self._details is not None:
            self._details.flow_run_id, self._details.task_run_id = flow_run_id, task_run_id
        return self

    @property
    def has_run(self) -> bool:
        """Whether it is the state of a run; a user made it otherwise."""
        return self.task_run_id is not None or self.flow_run_id is not None

    def result(self, raise_on_failure: bool = True, retry_result_failure: bool = True) -> R:
        """What came of the run. In asynchronous code, a coroutine that gives it.

        Args:
            raise_on_failure: False hands the exception of a failed run back instead of raising it.
            retry_result_failure: makes no difference; results are at hand or they are not.

        Raises:
            BaseException: what the run raised, if it failed with an exception.
            FailedRun, CrashedRun, CancelledRun: it ended without a result for another reason.
            PausedRun, UnfinishedRun: it has not ended.
            MissingResult: it has completed, but its value is not known here.
            UnserializableResult: its value was to be kept for others, and could not be written.
        """
        from headrace.utilities.asyncutils import is_in_async_context

        if is_in_async_context():
            return cast(R, self.aresult(raise_on_failure))
        return self.outcome(raise_on_failure)

    async def aresult(self, raise_on_failure: bool = True, retry_result_failure: bool = True) -> R:
        """The same as `result`, always as a coroutine."""
        if self.kept is not None and not self.has_data:
            from headrace.utilities.asyncutils import run_sync_in_worker_thread

            return await run_sync_in_worker_thread(self.outcome, raise_on_failure)
        return self.outcome(raise_on_failure)

    def outcome(self, raise_on_failure: bool = True) -> R:
        """The same as `result`, in asynchronous code too; for the engine."""
        if not self.has_data:
            self.fetch()
        if self.type is StateType.COMPLETED:
            if self.data is None and not self.has_data:
                raise MissingResult(
                    "State data is missing. Typically, this occurs when result persistence is "
                    "disabled and the state has been retrieved from the API."
                )
            return cast(R, self.data)
        if self.type not in TERMINAL_STATES:
            raise self._unfinished()
        if raise_on_failure:
            raise self.error
        known = self.has_data or self.data is not None
        return cast(R, self.data if known else self.error)

    def fetch(self) -> None:
        """Read the data from where it is kept, if it is and has not been read.

        A failure whose data cannot be read is told of by its message.

        Raises:
            UnserializableResult: the result of a completed run could not be written.
            MissingResult: it cannot be read.
        """
        if self.kept is None or self.has_data:
            return
        from headrace.results import read_kept  # slow to load: not for every program

        try:
            self.data, self.has_data = read_kept(self.kept), True
        except UnserializableResult:
            if self.type is StateType.COMPLETED:
                raise
        except Exception as error:  # each storage has its own, and unpickling runs any code
            if self.type is StateType.COMPLETED:
                reason = describe_error(error)
                raise MissingResult(f"The result was kept, but cannot be read: {reason}") from error

    @property
    def error(self) -> BaseException:
        """The exception that stands for this state, when it is a failure.

        What ends a process (SystemExit and its like) is wrapped in a CrashedRun: asking for the
        result of such a run must not end the process that asks.
        """
        if self.type not in TERMINAL_STATES:
            return self._unfinished()
        error = exception_of(self)
        if isinstance(error, Exception):
            return error
        kind, _ = _ERRORS[self.type]
        wrapped = kind(self.message or str(self))
        wrapped.__cause__ = error
        return wrapped

    def _unfinished(self) -> HeadraceException:
        """What says that a run has no result yet."""
        if self.type is StateType.PAUSED:
            return PausedRun("Run is paused, its result is not available.", state=self)
        error = UnfinishedRun(f"Run is in {self.type.name} state, its result is not available.")
        if isinstance(self.data, BaseException):
            error.__cause__ = self.data
        return error

    def as_change(self, run_count: int) -> StateChange:
        """The record of a run's entering this state, in attempt number `run_count`."""
        message = None if self.message is None else clip(self.message)
        name = self.name if len(self.name) <= MAX_NAME else clip_name(self.name)
        return StateChange(self.type, name, self.micros, message, run_count, self.kept)

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> State[R]:
        """The same state, entered now.

        Args:
            update: attributes that are to differ.
        """
        changed = {"id": self.id, **(update or {})}
        own_id = changed.pop("id")
        copy: State[R] = State(self.type, self.name, self.message, self.data, id=own_id)
        copy.has_data, copy.kept = self.has_data, self.kept
        if self._details is not None:
            copy.state_details = msgspec.structs.asdict(self._details)
        for name, value in changed.items():
            setattr(copy, name, value)
        return copy

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """The state as a dict.

        Args:
            mode: "json" for one of plain JSON values; data that has no JSON form is None there.
            include: the names that are in it; all unless given.
            exclude: names that are not in it.
            exclude_none: whether what is None is left out.
        """
        whole: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "timestamp": self.timestamp,
            "message": self.message,
            "state_details": self.state_details.model_dump(),
            "data": self.data,
        }
        dumped = {
            name: value
            for name, value in whole.items()
            if name not in exclude
            and (include is None or name in include)
            and not (exclude_none and value is None)
        }
        if mode != "json":
            return dumped
        try:
            plain: dict[str, Any] = msgspec.to_builtins(dumped)
        except (TypeError, ValueError):
            plain = msgspec.to_builtins({**dumped, "data": None})
        return plain

    def fresh_copy(self) -> State[R]:
        """The same state, entered now, with an id of its own."""
        return self.model_copy(update={"id": None})

    def is_scheduled(self) -> bool:
        """Whether the run is to start at a time to come."""
        return self.type is StateType.SCHEDULED

    def is_pending(self) -> bool:
        """Whether the run is about to start."""
        return self.type is StateType.PENDING

    def is_running(self) -> bool:
        """Whether the run's code is running."""
        return self.type is StateType.RUNNING

    def is_paused(self) -> bool:
        """Whether the run waits for somebody."""
        return self.type is StateType.PAUSED

    def is_completed(self) -> bool:
        """Whether the run ended well."""
        return self.type is StateType.COMPLETED

    def is_failed(self) -> bool:
        """Whether the run's code failed."""
        return self.type is StateType.FAILED

    def is_crashed(self) -> bool:
        """Whether the run's process, or what it ran on, went away."""
        return self.type is StateType.CRASHED

    def is_cancelling(self) -> bool:
        """Whether the run was asked to stop and has not stopped yet."""
        return self.type is StateType.CANCELLING

    def is_cancelled(self) -> bool:
        """Whether the run was stopped on request."""
        return self.type is StateType.CANCELLED

    def is_final(self) -> bool:
        """Whether the run has ended for good."""
        return self.type in TERMINAL_STATES

    def __str__(self) -> str:
        parts = []
        if self.message:
            parts.append(repr(self.message))
        if self.name.lower() != self.type.value.lower():
            parts.append(f"type={self.type.value}")
        return f"{self.name}({', '.join(parts)})"

    def __repr__(self) -> str:
        return (
            f"{self.name}(message={self.message!r}, type={self.type.value}, result={self.data!r})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.flow_run_id, self.task_run_id, self.micros, self.type))

    def _facts(self) -> tuple[object, ...]:
        details = self.state_details
        return (self.type, self.name, self.message, self.data, self.micros, details)


def _as_type(given: object) -> StateType:
    try:
        return StateType(given)
    except ValueError:
        from pydantic_core import InitErrorDetails, ValidationError  # slow to load

        *most, last = (repr(known.value) for known in StateType)
        wrong = InitErrorDetails(
            type="enum",
            loc=("type",),
            input=given,
            ctx={"expected": f"{', '.join(most)} or {last}"},
        )
        raise ValidationError.from_exception_data("State", [wrong]) from None


def micros_of(time: datetime.datetime) -> int:
    """A time in microseconds since 1970-01-01 UTC; one without a zone is in UTC."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=datetime.UTC)
    return (aware - _EPOCH) // datetime.timedelta(microseconds=1)


def is_state_iterable(value: object) -> TypeGuard[Iterable[State[Any]]]:
    """Whether `value` is a list, tuple or set of states, and not empty."""
    if not isinstance(value, list | tuple | set) or not value:
        return False
    return all(isinstance(item, State) for item in value)


def exception_of(state: State[Any]) -> BaseException:
    """The exception that ended a run in `state`, or that stands for it where there was none.

    Data that is a state, or several, speaks for itself: its (first) failure is what counts.

    Raises:
        ValueError: the state is no failure.
        TypeError: its data is neither an exception, nor text, nor states.
    """
    if state.type not in _ERRORS:
        raise ValueError(f"Expected failed or crashed state got {state!r}.")
    kind, default = _ERRORS[state.type]
    state.fetch()
    data = state.data
    if data is None:
        return kind(state.message or default)
    if isinstance(data, BaseException):
        return data
    if isinstance(data, str):
        return kind(data)
    if isinstance(data, State):
        return data.error
    if is_state_iterable(data):
        bad = [inner for inner in data if not inner.is_completed()]
        failed = [inner for inner in bad if inner.type in _ERRORS]
        if not bad:
            raise ValueError("Failed state result was an iterable of states but none were failed.")
        return (failed or bad)[0].error
    raise TypeError(
        f"Unexpected result for failed state: {data!r} —— "
        f"{type(data).__name__} cannot be resolved into an exception"
    )
