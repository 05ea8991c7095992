"""Every error that headrace raises on purpose.

HeadraceException
├── SetupError                  nothing can run as things stand: one line, exit code 1
│   ├── InvalidSetting          an environment variable has an unusable value
│   ├── HomeUnusable            HEADRACE_HOME cannot be written
│   ├── ServiceUnreachable      nobody answers at HEADRACE_API_URL, or it is no headrace service
│   ├── AccessDenied            the service wants a token, or one that allows more
│   ├── ServiceTooOld           the service or the ledger file is of another version
│   └── PortInUse               `headrace server start` cannot listen there
├── ServiceError                the service answered with an error
│   └── CursorExpired           what came after a subscription's cursor has been deleted
├── ObjectNotFound              what is asked for is not in the ledger
├── ObjectAlreadyExists         its name is taken
├── ObjectLimitReached          there are as many of them as there may be
│
├── InvalidOption               (TypeError, ValueError) an option of a flow or task is unusable
├── InvalidNameError            (ValueError) a name holds characters that it may not
├── ReservedArgumentError       (TypeError) a function's parameter has a name that calls need
├── ConfigurationError          what was configured does not go together
├── MissingProfileError         (ValueError) there is no profile of that name
├── ParameterBindError          (TypeError) a call's arguments fit no parameters of the function
├── SignatureMismatchError      (TypeError) parameters by name are not those of the function
├── ParameterTypeError          an argument does not fit its annotation
├── MappingLengthMismatch       `.map` was given iterables of unequal lengths
├── MappingMissingIterable      `.map` was given nothing to iterate over
│
├── FailedRun                   a run FAILED, and there is no exception to raise in its place
├── CrashedRun                  a run CRASHED
│   └── ProcessDied             the process that a task ran in has ended
├── CancelledRun                a run was CANCELLED
├── PausedRun                   a run is PAUSED, and so has no result yet
├── UnfinishedRun               a run has not ended, and so has no result yet
├── UpstreamTaskError           a future that a call needs did not complete
├── CircularWaitError           (ValueError) a task run waits for its own end
├── MissingContextError         (RuntimeError) it exists only within a flow run or task run
├── MissingResult               a run's value is not at hand in this process
├── RunTimedOut                 (TimeoutError) a run, or the wait for it, took too long
│   ├── TaskRunTimeoutError     a task run took longer than its `timeout_seconds`
│   └── FlowRunTimeoutError     a flow run did
├── NotPausedError              a run that is to be resumed is not paused
├── FlowPauseTimeout            nobody resumed a paused run in time
├── FlowRunWaitTimeout          a flow run has not ended in the time it was waited for
├── ConcurrencySlotAcquisitionError     slots of a concurrency limit cannot be had at all
│   └── ConcurrencySlotsLost    they were held, and lost before the block that held them had ended
├── AcquireConcurrencySlotTimeoutError  (TimeoutError) they were not to be had in time
│
├── FlowVisualizationError      a flow cannot be drawn
│   └── VisualizationUnsupportedError  it makes a call that cannot be
├── SerializationError          a value cannot be written, or not be read back
│   └── UnserializableResult    (MissingResult) a run's result that is to be kept cannot be written
├── UnpicklableArgument         (TypeError) an argument cannot be sent to another process
├── UnpicklableResult           (TypeError) a result cannot be sent back from there
├── UnpicklableError            stands for an error that cannot be; the message shows it
├── HashError                   a value has no hash, and so makes no cache key
├── ScriptError                 a script that defines flows raised
├── MissingFlowError            a script does not define the flow that is looked for
│   ├── MissingFlowFile         (FileNotFoundError) there is no such script
│   └── MissingFlowModule       (ModuleNotFoundError) there is no such module, or it needs another
├── UnspecifiedFlowError        a script defines several flows, and none was named
├── BundleError                 a flow's code cannot be sent by value, or not be opened here
├── BlockMissingCapabilities    a block cannot do what is asked of it
├── ProtectedBlockError         a block may not be changed or deleted
└── InfrastructureError         where a flow run was to run
    ├── InfrastructureNotFound  is gone
    └── InfrastructureNotAvailable  cannot be reached from here

HeadraceSignal                  (a BaseException) passes every `except Exception`
├── Abort                       the run ends here and now
└── Pause                       the run ends here, and goes on as another process later
ExternalSignal                  (a BaseException) came from outside of the process
└── TerminationSignal           SIGTERM reached it
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from headrace.tracebacks import hide_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from headrace.states import State


class HeadraceException(Exception):
    """The root of headrace's errors."""


# --- setting up, and the service ---------------------------------------------------------------


class SetupError(HeadraceException):
    """Nothing can run as things stand; the message says in one line why, and what mends it."""


_one_line = False


def tell_in_one_line() -> None:
    """From now on a `SetupError` that nobody catches ends a script with its one line.

    A traceback through our own modules would bury the line that says what to mend; so it would in
    an error of the user's, of which our frames are hidden.
    """
    global _one_line
    if _one_line:
        return
    _one_line = True
    otherwise = sys.excepthook

    def show(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, SetupError) and sys.stderr is not None:
            print(f"Error: {error}", file=sys.stderr)
        else:
            hide_ours(error)
            otherwise(kind, error, error.__traceback__)

    sys.excepthook = show


class InvalidSetting(SetupError):
    """An environment variable has an unusable value."""


class HomeUnusable(SetupError):
    """The folder `HEADRACE_HOME` cannot be created, read or written."""


class ServiceUnreachable(SetupError):
    """Nobody answers at the service's address, or what answers is no headrace service."""

    #: Whether the request cannot have come to anybody.
    unsent: bool = False


class AccessDenied(SetupError):
    """The service does not know who asks, or does not let them; see HEADRACE_API_TOKEN."""


class ServiceTooOld(SetupError):
    """The service or the ledger file is of another version than this installation can talk to."""


class PortInUse(SetupError):
    """The address that the service is to listen on is taken."""


class ServiceError(HeadraceException):
    """The service answered with an error.

    `code` is the error's short name, such as `InvalidInput` or `NotFound`; `field` the path of the
    input that was wrong, if it was one.
    """

    def __init__(self, message: str, code: str = "Error", field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class CursorExpired(ServiceError):
    """A subscription cannot go on where it was: what came after that has been deleted.

    Read anew what you show, and subscribe after the `feedCursor` of that; or else after
    `oldest_cursor`, the oldest one that can still be used, if what was missed does not matter.
    """

    def __init__(self, message: str, oldest_cursor: str) -> None:
        super().__init__(message, "CursorExpired", "after")
        self.oldest_cursor = oldest_cursor


class ObjectNotFound(HeadraceException):
    """What is asked for is not in the ledger.

    Args:
        http_exc: the service's answer; the name is the one that Prefect's users know.
        help_message: what to tell the user in its place.
    """

    def __init__(self, http_exc: Exception | None = None, help_message: str | None = None) -> None:
        super().__init__(http_exc, help_message)
        self.http_exc = http_exc
        self.help_message = help_message

    def __str__(self) -> str:
        return self.help_message or str(self.http_exc)


class ObjectAlreadyExists(HeadraceException):
    """What is to be created has a name that is taken; `http_exc` is the service's answer."""

    def __init__(self, http_exc: Exception | None = None) -> None:
        super().__init__(http_exc)
        self.http_exc = http_exc


class ObjectLimitReached(HeadraceException):
    """There are as many objects of a kind as there may be; `http_exc` is the service's answer."""

    def __init__(self, http_exc: Exception | None = None) -> None:
        super().__init__(http_exc)
        self.http_exc = http_exc


# --- what flows and tasks are, and what they are called with -----------------------------------


class InvalidOption(HeadraceException, TypeError, ValueError):
    """An option of a flow or task has an unusable value."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        tell_in_one_line()  # it is raised before anything runs that would see to it


class InvalidNameError(HeadraceException, ValueError):
    """A name holds characters that it may not hold."""


class ReservedArgumentError(HeadraceException, TypeError):
    """A function has a parameter of a name that calls of flows and tasks need for an option."""


class ConfigurationError(HeadraceException):
    """What was configured does not go together."""


class MissingProfileError(HeadraceException, ValueError):
    """There is no profile of that name."""


class ParameterBindError(TypeError, HeadraceException):
    """A call's arguments fit no parameters of the flow's or task's function."""

    @classmethod
    def from_bind_failure(
        cls,
        fn: Callable[..., Any],
        exc: TypeError,
        call_args: tuple[object, ...],
        call_kwargs: Mapping[str, object],
    ) -> Self:
        """The error of a call of `fn` that Python would refuse with `exc`."""
        import inspect  # slow to load, and no call needs it that is possible

        tell_in_one_line()  # the call is refused before anything begins that would see to it
        name = getattr(fn, "__name__", type(fn).__name__)
        signature = str(inspect.signature(fn)).strip("()")
        try:
            received = repr(call_args)
        except Exception:  # a user's __repr__ may raise anything
            received = f"{len(call_args)} that cannot be shown"
        return cls(
            f"Error binding parameters for function '{name}': {exc}.\n"
            f"Function '{name}' has signature '{signature}' "
            f"but received args: {received} and kwargs: {list(call_kwargs)}."
        )


class SignatureMismatchError(HeadraceException, TypeError):
    """Parameters given by name are not those of the function."""

    @classmethod
    def from_bad_params(cls, expected_params: list[str], provided_params: list[str]) -> Self:
        """The error of parameters of other names than those that were expected."""
        return cls(
            f"Function expects parameters {expected_params} "
            f"but was provided with parameters {provided_params}"
        )


class ParameterTypeError(HeadraceException):
    """An argument does not fit the annotation of its parameter."""


class MappingLengthMismatch(HeadraceException):
    """`Task.map` was given iterables of unequal lengths."""


class MappingMissingIterable(HeadraceException):
    """`Task.map` was given nothing to iterate over."""


# --- how runs end ------------------------------------------------------------------------------


class FailedRun(HeadraceException):
    """A run ended in a state of type FAILED that holds no exception."""


class CrashedRun(HeadraceException):
    """A run ended in a state of type CRASHED."""


class ProcessDied(CrashedRun):
    """The process that a task ran in has ended before the task."""


class CancelledRun(HeadraceException):
    """A run ended in a state of type CANCELLED."""


class PausedRun(HeadraceException):
    """A run is paused, and so has no result yet; `state` is the state it is in."""

    def __init__(self, *args: object, state: State[Any] | None = None) -> None:
        super().__init__(*args)
        self.state = state


class UnfinishedRun(HeadraceException):
    """A run has not ended, and so has no result yet."""


class UpstreamTaskError(HeadraceException):
    """A future that the call needs as an argument did not complete."""


class CircularWaitError(HeadraceException, ValueError):
    """A task run waits for its own future, or for runs that wait for it."""


class MissingContextError(HeadraceException, RuntimeError):
    """What is asked for exists only within a flow run or task run."""


class MissingResult(HeadraceException):
    """A run has completed, but its value is not at hand in this process."""


class RunTimedOut(HeadraceException, TimeoutError):
    """A run, or the wait for one, took longer than it may."""


class TaskRunTimeoutError(RunTimedOut):
    """An attempt of a task took longer than the task's `timeout_seconds`."""


class FlowRunTimeoutError(RunTimedOut):
    """An attempt of a flow took longer than the flow's `timeout_seconds`."""


class NotPausedError(HeadraceException):
    """A run that is to be resumed is not paused."""


class FlowPauseTimeout(HeadraceException):
    """Nobody resumed a paused run in time."""


class FlowRunWaitTimeout(HeadraceException):
    """A flow run has not ended in the time that it was waited for."""


class ConcurrencySlotAcquisitionError(HeadraceException):
    """The slots that are asked for cannot be had, however long one waits."""


class ConcurrencySlotsLost(ConcurrencySlotAcquisitionError):
    """Slots that a block of code held were given to others before the block had ended."""


class AcquireConcurrencySlotTimeoutError(HeadraceException, TimeoutError):
    """The slots that are asked for did not come free in the time that was given."""


# --- values, scripts, blocks, infrastructure ---------------------------------------------------


class FlowVisualizationError(HeadraceException):
    """A flow cannot be drawn."""


class VisualizationUnsupportedError(FlowVisualizationError):
    """A flow makes a call that cannot be drawn."""


class SerializationError(HeadraceException):
    """A value cannot be written by a serializer, or what was written cannot be read."""


class UnserializableResult(SerializationError, MissingResult):
    """A run's result is to be kept, and cannot be written; it names flow, task, type and mend."""


class UnpicklableArgument(HeadraceException, TypeError):
    """An argument of a task, or the task itself, cannot be sent to another process."""


class UnpicklableResult(HeadraceException, TypeError):
    """A task's result cannot be sent back from the process that it ran in."""


class UnpicklableError(HeadraceException):
    """A task raised an error that cannot be sent back; the message shows it."""


class HashError(HeadraceException):
    """A value has no hash, and so makes no cache key."""


class ScriptError(HeadraceException):
    """The script at `path`, which is to define flows, raised `user_exc`."""

    def __init__(self, user_exc: Exception, path: str) -> None:
        super().__init__(user_exc, path)
        self.user_exc = user_exc
        self.path = path

    def __str__(self) -> str:
        return f"Script at {self.path!r} encountered an exception: {self.user_exc!r}"


class MissingFlowError(HeadraceException):
    """A script does not define the flow that is looked for."""


class MissingFlowFile(MissingFlowError, FileNotFoundError):
    """There is no script where a flow is looked for."""


class MissingFlowModule(MissingFlowError, ModuleNotFoundError):
    """There is no module where a flow is looked for, or none of those that it imports."""


class UnspecifiedFlowError(HeadraceException):
    """A script defines several flows, and none of them was named."""


class BlockMissingCapabilities(HeadraceException):
    """A block cannot do what is asked of it."""


class ProtectedBlockError(HeadraceException):
    """A block may not be changed or deleted."""


class BundleError(HeadraceException):
    """A flow's code cannot be sent by value, or cannot be opened where it is to run."""


class InfrastructureError(HeadraceException):
    """Something is wrong with where a flow run was to run."""


class InfrastructureNotFound(InfrastructureError):
    """Where a flow run was to run is gone."""


class InfrastructureNotAvailable(InfrastructureError):
    """Where a flow run runs cannot be reached from here."""


def exception_traceback(exc: Exception) -> str:
    """An exception as Python tells of it, with its traceback."""
    import traceback  # slow to load

    return "".join(traceback.format_exception(exc))


# --- no errors: they pass every `except Exception` of a user's function -------------------------


class HeadraceSignal(BaseException):
    """Something that the engine has to do takes the run out of the user's code."""


class Abort(HeadraceSignal):
    """The run ends here and now."""


class Pause(HeadraceSignal):
    """The run ends here and goes on as another process later; `state` is the state it is in."""

    def __init__(self, *args: object, state: State[Any] | None = None) -> None:
        super().__init__(*args)
        self.state = state


class ExternalSignal(BaseException):
    """Something outside of the process wants it to end."""


class TerminationSignal(ExternalSignal):
    """SIGTERM reached the process."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal

    def __str__(self) -> str:
        return f"received signal {self.signal}"


def __getattr__(name: str) -> object:
    """`HeadraceHTTPStatusError`, made when it is first asked for: its base costs time to load."""
    if name != "HeadraceHTTPStatusError":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import httpx

    class HeadraceHTTPStatusError(httpx.HTTPStatusError):
        """What a client asks for by its id or name is not there, or cannot be done."""

    HeadraceHTTPStatusError.__qualname__ = name
    globals()[name] = HeadraceHTTPStatusError
    return HeadraceHTTPStatusError
