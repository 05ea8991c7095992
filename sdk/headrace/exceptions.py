"""Every error that headrace raises on purpose.

HeadraceException
├── SetupError                  nothing can run as things stand: one line, exit code 1
│   ├── InvalidSetting          an environment variable has an unusable value
│   ├── HomeUnusable            HEADRACE_HOME cannot be written
│   ├── ServiceUnreachable      nobody answers at HEADRACE_API_URL, or it is no headrace service
│   ├── ServiceTooOld           the service or the ledger file is of another version
│   └── PortInUse               `headrace server start` cannot listen there
├── ServiceError                the service answered with an error
├── ParameterError              a call's arguments do not fit the flow's or task's parameters
├── RunFailed                   a run ended without a result, and there is no exception to raise
│   ├── FailedRun
│   ├── CrashedRun
│   ├── CancelledRun
│   └── UpstreamFailed          a future that this call needs did not complete
├── MissingContext              what is asked for exists only within a flow run or task run
├── MissingResult               the run's value is not at hand in this process
└── RunTimedOut                 (also a TimeoutError) a run, or the wait for it, took too long

TerminationSignal               (a BaseException) SIGTERM reached the process
"""

from __future__ import annotations

import sys
from types import TracebackType


class HeadraceException(Exception):
    """The root of headrace's errors."""


class SetupError(HeadraceException):
    """Nothing can run as things stand; the message says in one line why, and what mends it."""


_one_line = False


def tell_in_one_line() -> None:
    """From now on a `SetupError` that nobody catches ends a script with its one line.

    A traceback through our own modules would bury the line that says what to mend.
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
            otherwise(kind, error, traceback)

    sys.excepthook = show


class InvalidSetting(SetupError):
    """An environment variable has an unusable value."""


class HomeUnusable(SetupError):
    """The folder `HEADRACE_HOME` cannot be created, read or written."""


class ServiceUnreachable(SetupError):
    """Nobody answers at the service's address, or what answers is no headrace service."""


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


class ParameterError(HeadraceException, TypeError):
    """A call's arguments do not fit the parameters of the flow or task that is called."""


class RunFailed(HeadraceException):
    """A run ended without a result."""


class FailedRun(RunFailed):
    """A run ended in a state of type FAILED."""


class CrashedRun(RunFailed):
    """A run ended in a state of type CRASHED."""


class CancelledRun(RunFailed):
    """A run ended in a state of type CANCELLED."""


class UpstreamFailed(RunFailed):
    """A future that the call needs as an argument did not complete."""


class MissingContext(HeadraceException, RuntimeError):
    """What is asked for exists only within a flow run or task run."""


class MissingResult(HeadraceException):
    """A run has completed, but its value is not at hand in this process."""


class RunTimedOut(HeadraceException, TimeoutError):
    """A run, or the wait for one, took longer than it may."""


class TerminationSignal(BaseException):
    """SIGTERM reached the process.

    Not an `Exception`, so that the `except Exception` of a user's function does not swallow it.
    """

    def __init__(self, signal: int) -> None:
        super().__init__(f"received signal {signal}")
        self.signal = signal
