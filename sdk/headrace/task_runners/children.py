"""A process of a process pool, as its parent sees it."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.exceptions import ProcessDied
from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
)

if TYPE_CHECKING:
    from headrace.context import Environment
    from headrace.records import Record

#: Seconds that a process is given to end by itself when it is told to.
GRACE = 1.0

_PROGRAM = """
import sys
sys.path[:] = {path!r}
from headrace.task_runners.child import main
main({handle})
"""


class Overdue(Exception):
    """A call has not ended in its time."""


class Child:
    """A process that makes calls, one at a time.

    It is a new interpreter, not a fork, and does not run the script again: what it needs of the
    script travels with each call.

    Args:
        environment: what its runs are recorded with.
        initializer: a function and its arguments, pickled, to be called first.
    """

    def __init__(self, environment: Environment, initializer: bytes) -> None:
        self._record = environment.recorder.record
        self._now = environment.clock.now
        #: The runs within that have not ended: how they were told of, and their last state.
        self._alive: dict[UUID, tuple[type[FlowRunChanged | TaskRunChanged], StateChange]] = {}
        self._pipe, theirs = multiprocessing.Pipe()
        program = _PROGRAM.format(path=sys.path, handle=theirs.fileno())
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        try:
            self._process = subprocess.Popen(
                [sys.executable, *flags, "-c", program],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        finally:
            theirs.close()
        greeting = {
            "argv": sys.argv,
            "settings": environment.settings,
            "initializer": initializer,
        }
        self._send(pickle.dumps(greeting))

    def call(self, content: bytes, limit: float | None) -> bytes:
        """Make the call of a parcel there; what came of it, packed.

        Raises:
            Overdue: it has not ended `limit` seconds after it began.
            ProcessDied: the process has ended instead.
        """
        self._send(content)
        deadline: float | None = None
        try:
            while True:
                if deadline is not None and not self._pipe.poll(deadline - time.monotonic()):
                    raise Overdue
                kind, value = self._pipe.recv()
                if kind == "started":
                    deadline = None if limit is None else time.monotonic() + limit
                elif kind == "records":
                    for record in value:
                        self._take(record)
                else:
                    outcome: bytes = value
                    return outcome
        except (EOFError, OSError):
            raise self._death() from None

    @property
    def is_alive(self) -> bool:
        """Whether it can make another call."""
        return not self._pipe.closed and self._process.poll() is None

    def interrupt(self, force: bool = False) -> None:
        """Tell it to end what it does, and itself; whoever waits for a call learns of its death."""
        if force:
            self._process.kill()
        else:
            self._process.terminate()

    def stop(self) -> None:
        """End the process, by force if need be."""
        self._pipe.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process by force, and with it the runs within it."""
        self._process.kill()
        self._death()

    def _send(self, content: bytes) -> None:
        try:
            self._pipe.send_bytes(content)
        except OSError:
            raise self._death() from None

    def _take(self, record: Record) -> None:
        """Record what it has recorded."""
        if isinstance(record, FlowRunCreated | FlowRunChanged):
            self._follow(FlowRunChanged, record.id, record.state)
        elif isinstance(record, TaskRunCreated | TaskRunChanged):
            self._follow(TaskRunChanged, record.id, record.state)
        self._record(record)

    def _follow(self, kind: Any, run_id: UUID, state: StateChange) -> None:
        if state.type.is_terminal:
            self._alive.pop(run_id, None)
        else:
            self._alive[run_id] = (kind, state)

    def _death(self) -> ProcessDied:
        """It has ended, or is about to: so have the runs within it."""
        self._pipe.close()
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        how = f"ended with exit code {code}"
        if code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
        error = ProcessDied(f"the process that it ran in {how}")
        message = f"Run did not end by itself: {error}"
        for run_id, (kind, state) in reversed(self._alive.items()):
            crashed = StateChange(
                StateType.CRASHED, "Crashed", self._now(), message, state.run_count
            )
            self._record(kind(run_id, crashed))
        self._alive.clear()
        return error
