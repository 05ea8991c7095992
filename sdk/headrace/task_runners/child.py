"""The other process of a process pool: it runs the calls that it is sent, one after the other.

    parent ──► pipe ──► reader (thread) ──► main thread: the user's functions
    parent ◄── pipe ◄── sender (thread) ◄── records, outcomes

The user's code has the main thread, so that a limit of time can interrupt it. What it records goes
through its parent's recorder: one stream, in which nothing overtakes what it belongs to.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from headrace.context import CURRENT_RUN, Environment, SystemClock, title_of, use_environment
from headrace.engine.pools import close_pool, pending_of
from headrace.exceptions import TerminationSignal
from headrace.settings import get_settings
from headrace.task_runners.parcels import Outcome, pack_outcome, unpack_call
from headrace.tracebacks import hide_ours

if TYPE_CHECKING:
    from types import FrameType

    from headrace.engine.task_run import TaskRun
    from headrace.records import Record

#: Seconds that the end of the process gives to what it has still to tell.
LAST_WORDS = 1.0


class PipeRecorder:
    """Hands records to the parent process. One thread writes, so that no signal cuts a message."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._send, name="headrace-sender", daemon=True).start()

    def record(self, record: Record) -> None:
        """Take one record."""
        self._waiting.put(record)

    def hurry(self) -> None:
        """Nothing: the thread sends at once what there is, and the parent by its own clock."""

    def tell(self, kind: str, content: bytes | None = None) -> None:
        """Send a message that is no record, behind all that was recorded before."""
        self._waiting.put((kind, content))

    def flush(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until the parent's side of the pipe has everything."""
        sent = threading.Event()
        self._waiting.put(sent)
        return sent.wait(timeout)

    def _send(self) -> None:
        with contextlib.suppress(OSError):  # the parent is gone
            while True:
                items = [self._waiting.get()]
                with contextlib.suppress(queue.Empty):
                    while True:
                        items.append(self._waiting.get_nowait())
                self._send_all(items)

    def _send_all(self, items: list[Any]) -> None:
        records: list[Record] = []
        for item in [*items, None]:
            if item is not None and not isinstance(item, tuple | threading.Event):
                records.append(item)
                continue
            if records:
                self._pipe.send(("records", records))
                records = []
            if isinstance(item, tuple):
                self._pipe.send(item)
            elif item is not None:
                item.set()


class Server:
    """Makes the calls that come through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._calls: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._busy = False
        self._ending = False
        signal.signal(signal.SIGINT, _leave_it_to_the_parent)
        signal.signal(signal.SIGTERM, self._terminate)

    def serve(self) -> None:
        """Until the pipe is closed, or the process is told to end."""
        greeting = pickle.loads(self._pipe.recv_bytes())
        sys.argv = greeting["argv"]
        recorder = PipeRecorder(self._pipe)
        environment = Environment(greeting["settings"], recorder, SystemClock())
        threading.Thread(target=self._read, name="headrace-reader", daemon=True).start()
        with get_settings.replace(environment.settings), use_environment(environment):
            initializer, arguments = pickle.loads(greeting["initializer"])
            if initializer is not None:
                initializer(*arguments)
            while not self._ending and (content := self._calls.get()) is not None:
                self._busy = True
                recorder.tell("started")
                recorder.tell("outcome", call_here(content, environment))
                self._busy = False
            recorder.flush(LAST_WORDS)

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._calls.put(self._pipe.recv_bytes())
        # The parent has closed the pipe, or is gone; then nobody waits for what runs here.
        self._calls.put(None)
        if self._busy:
            os.kill(os.getpid(), signal.SIGTERM)

    def _terminate(self, signum: int, frame: FrameType | None) -> None:
        self._ending = True
        raise TerminationSignal(signum)


def main(handle: int) -> None:
    """Serve the parent at the other end of the pipe `handle`."""
    try:
        Server(Connection(handle)).serve()
    except TerminationSignal as error:
        sys.exit(128 + error.signal)


def call_here(content: bytes, environment: Environment) -> bytes:
    """Make the call of a parcel in this process; what came of it, as `pack_outcome` has it."""
    try:
        run = unpack_call(content, environment)
    except Exception as error:  # unpickling runs the code of any class
        return pack_outcome(Outcome(None, error), "a task")
    outcome = pack_outcome(_call(run), title_of(run))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or replaced by who knows what
            stream.flush()
    return outcome


def _call(run: TaskRun) -> Outcome:
    others = set(pending_of(run.flow_run))
    token = CURRENT_RUN.set(run)
    call = run.make_call()
    try:
        if run.task.isasync:
            import asyncio

            value = asyncio.run(call.perform_async())
        else:
            value = call.perform()
    except BaseException as error:  # of all kinds: this process has other calls to make
        return Outcome(None, error, call.expired, _trace_of(error), run.asset_metadata)
    else:
        return Outcome(value, asset_metadata=run.asset_metadata)
    finally:
        CURRENT_RUN.reset(token)
        # What the call has submitted ends with it: nobody would wait for it elsewhere.
        while pending := [future for future in pending_of(run.flow_run) if future not in others]:
            for future in pending:
                future.ends_within(None)
        if run.flow_run is not None:
            close_pool(run.flow_run)


def _trace_of(error: BaseException) -> str:
    import traceback

    hide_ours(error)
    return "".join(traceback.format_exception(error))


def _leave_it_to_the_parent(signum: int, frame: FrameType | None) -> None:
    """Ctrl-C reaches all processes of a terminal; the parent decides what becomes of this one."""
