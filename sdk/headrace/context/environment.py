"""What runs have in common in a process: settings, where they are recorded to, and the clock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Protocol

from headrace.exceptions import SetupError, tell_in_one_line
from headrace.records import Record, now_micros
from headrace.settings import Settings, get_settings


class Recorder(Protocol):
    """Where records go: `headrace.recorder.Recorder`, or a list in a test."""

    def record(self, record: Record) -> None:
        """Take one record; never fails, and hardly ever waits."""

    def hurry(self) -> None:
        """Send at once what was recorded."""

    def flush(self, timeout: float | None = None) -> object:
        """Wait until everything recorded so far is safe, at most `timeout` seconds."""


class Clock(Protocol):
    """Time, as the engine sees it."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait, in a thread."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in a coroutine."""


class SystemClock:
    """The time of the machine."""

    now = staticmethod(now_micros)
    sleep = staticmethod(time.sleep)

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in a coroutine."""
        import asyncio  # not before a coroutine needs it

        await asyncio.sleep(seconds)


class Environment:
    """What runs have in common in a process: settings, the recorder and the clock.

    Attributes:
        persists: whether the settings ask for results of runs that do not say so to be kept.
    """

    __slots__ = ("clock", "persists", "recorder", "settings")

    def __init__(self, settings: Settings, recorder: Recorder, clock: Clock) -> None:
        self.settings = settings
        self.recorder = recorder
        self.clock = clock
        self.persists = bool(
            settings.tasks_default_persist_result
            or settings.results_persist_by_default
            or settings.results_default_storage_block
        )


#: The process's own environment, and the one that a test has put in its place.
_own: Environment | None = None
_substitute: Environment | None = None


def get_environment() -> Environment:
    """The environment of runs that start now: the process's own unless a test has set another.

    Raises:
        SetupError: nothing can be recorded as things stand.
    """
    global _own
    if _substitute is not None:
        return _substitute
    from headrace.recorder import get_recorder  # loads the transport, which costs a while

    try:
        recorder = get_recorder()
    except SetupError:
        tell_in_one_line()
        raise
    settings = get_settings()
    if _own is None:
        tell_in_one_line()
    if _own is None or _own.recorder is not recorder or _own.settings is not settings:
        _set_up_logging(settings)
        _own = Environment(settings, recorder, SystemClock())
    return _own


def substitute() -> Environment | None:
    """The environment that a test has put in the place of the process's own."""
    return _substitute


@contextlib.contextmanager
def use_environment(environment: Environment) -> Iterator[Environment]:
    """Give all runs that start within, in any thread, another environment. For tests."""
    global _substitute
    _set_up_logging(environment.settings)
    before, _substitute = _substitute, environment
    try:
        yield environment
    finally:
        _substitute = before


def _set_up_logging(settings: Settings) -> None:
    from headrace.logging import ensure_logging  # it needs this module

    ensure_logging(settings)
