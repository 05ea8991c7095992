"""The process's one recorder: made on first use, closed at exit, begun anew in a forked child."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from uuid import UUID

from headrace.exceptions import ServiceUnreachable
from headrace.liveness import host, identity
from headrace.recorder.buffer import Mark, Settled
from headrace.recorder.flusher import HEARTBEAT, Flusher
from headrace.recorder.leftovers import LeftoverReplay
from headrace.recorder.spool import forget_inherited
from headrace.recorder.transport import Transport, TransportAway
from headrace.records import ClaimLoss, ProcessInfo, Record, RunClaim, StateType
from headrace.settings import Settings, get_settings

#: Seconds that the end of a process gives to the records of earlier ones.
LEFTOVER_PATIENCE = 2.0
#: Seconds that a fork gives to what its parent has recorded.
FORK_PATIENCE = 5.0

_lock = threading.Lock()
_recorder: Recorder | None = None
#: The settings that say where it records to.
_place: tuple[Path, str | None, str | None] | None = None
_hooked = False
_known_to_multiprocessing = False
# A child keeps the objects that it inherited: what they would do when they are collected (close
# sockets, join threads) is the parent's business.
_inherited: list[object] = []


class Recorder:
    """Takes a process's records and sees to it that none is lost.

    Args:
        make_transport: makes a transport; called once for each stream.
        spool_folder: where records wait while the transport is away.
        bound: how many records may wait in memory before callers are held up.
        describe: what the ledger is to know of this process while it has runs that have not ended;
            called once for each stream.
        heartbeat: seconds of silence after which it is told that such a process lives.
    """

    def __init__(
        self,
        make_transport: Callable[[], Transport],
        spool_folder: Path,
        bound: int,
        describe: Callable[[], ProcessInfo | None] = lambda: None,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._make_transport = make_transport
        self._spool_folder = spool_folder
        self._bound = bound
        self._describe = describe
        self._heartbeat = heartbeat
        self._closed_with: Settled | None = None
        self._for_good: float | None = None
        self._change = threading.Lock()
        self._leftovers: LeftoverReplay | None = None
        self._begin()

    def record(self, record: Record) -> None:
        """Take a record. Returns at once, unless more of them wait than memory may hold."""
        items = self._items
        items.append(record)
        if len(items) >= self._buffer.threshold:
            self._nudge()

    def hurry(self) -> None:
        """Send what was recorded at once: somebody else waits for it."""
        self._nudge()

    def flush(self, timeout: float | None = None) -> Settled:
        """Wait until everything that was recorded before is acknowledged.

        Args:
            timeout: how many seconds to wait at most; None for as long as it takes.

        Returns:
            ACKNOWLEDGED; or when time is up or nobody answers, SPOOLED if all of it is acknowledged
            or on disk; else TIMED_OUT, when time is up.
        """
        if self._flusher.closed:
            return self._closed_with or Settled.TIMED_OUT
        return self._flusher.flush(timeout)

    def close(self, timeout: float) -> Settled:
        """Flush, and put on disk what is not acknowledged within `timeout` seconds.

        Closing again does nothing. A later `record` opens the recorder anew.
        """
        with self._change:
            if not self._flusher.closed:
                self._closed_with = self._flusher.close(timeout)
            if self._leftovers is not None:
                answers = self._closed_with is Settled.ACKNOWLEDGED
                self._leftovers.stop(min(timeout, LEFTOVER_PATIENCE) if answers else 0.0)
                self._leftovers = None
            return self._closed_with or Settled.TIMED_OUT

    @property
    def client_id(self) -> UUID:
        """The stream's name in the ledger."""
        return self._flusher.client_id

    def begin(self, claim: RunClaim, on_loss: Callable[[ClaimLoss], object]) -> StateType:
        """Ask, in one try, for a run that was claimed for this process; before it records anything.

        Args:
            claim: the run, and the number of its claim.
            on_loss: called, in another thread, when it is learnt that the run, once it was given,
                is no longer this process's.

        Returns:
            The type of the run's state: PENDING, or CANCELLING when it is to end before it begins.

        Raises:
            NotGiven: the run is not this process's to execute.
            TransportAway: there was no answer; ask again.
        """
        return self._flusher.begin(claim, on_loss)

    def hold(self, run_ids: Collection[UUID]) -> ProcessInfo:
        """Say that this process lives for as long as these runs are open, which it is to execute.

        Returns:
            What the ledger is to know of the process.
        """
        return self._flusher.hold(run_ids)

    def let_go(self, run_ids: Collection[UUID]) -> None:
        """Take that back for runs which are not executed here."""
        self._flusher.let_go(run_ids)

    @property
    def refused(self) -> int:
        """How many of this stream's records the ledger refused so far."""
        return self._flusher.delivery.refused

    def replay_leftovers(self) -> None:
        """Begin to send, in the background, what dead processes left in the spool folder."""
        self._leftovers = LeftoverReplay(self._spool_folder, self._make_transport)
        self._leftovers.start()

    def _begin(self) -> None:
        self._flusher = Flusher(
            self._make_transport(),
            self._spool_folder,
            self._bound,
            self._describe(),
            self._heartbeat,
        )
        self._buffer = self._flusher.buffer
        self._items = self._buffer.items

    def _nudge(self) -> None:
        if self._flusher.closed:
            self._reopen()
        self._flusher.nudge()
        if self._for_good is not None:  # the interpreter ends: nobody closes us a second time
            self.close(self._for_good)

    def _reopen(self) -> None:
        """Somebody records after the end: begin a new stream with what came since."""
        with self._change:
            if self._flusher.closed:
                late = self._items
                self._begin()
                while late:
                    item = late.popleft()
                    if isinstance(item, Mark):  # of a flush that came too late
                        item.over.set()
                    else:
                        self._items.append(item)

    def _close_for_good(self, timeout: float) -> None:
        self._for_good = timeout
        self.close(timeout)

    def _before_fork(self) -> None:
        """Let what was recorded go first: a child may record more of the same runs."""
        if self._flusher.started:
            self.flush(FORK_PATIENCE)

    def _after_fork_in_child(self) -> None:
        """Begin a stream of the child's own; what waits in memory is the parent's to send."""
        _inherited.extend((self._flusher, self._leftovers, self._change))
        self._change = threading.Lock()
        self._leftovers = None
        self._closed_with = None
        self._begin()


def get_recorder() -> Recorder:
    """The process's recorder; made, with a first contact to its ledger, on the first call.

    Where temporary settings lead to another ledger, the one so far is closed, all its records safe,
    and another is made. A run that began with the former opens it again by recording more.

    Raises:
        SetupError: there is nothing to record to; the message says why and what mends it.
    """
    global _recorder, _place
    settings = get_settings()
    place = settings.home, settings.api_url, settings.api_key
    recorder = _recorder
    if recorder is not None and _place == place:
        return recorder
    with _lock:
        if _recorder is not None and _place != place:
            _recorder.close(settings.settle_timeout)
            _recorder = None
        if _recorder is None:
            transport = _open_transport(settings)
            _first_contact(transport, settings.connect_timeout)
            # The first stream goes on with the connection that the first contact made.
            made = [transport]
            recorder = Recorder(
                lambda: made.pop() if made else _open_transport(settings),
                settings.spool_path,
                settings.recorder_buffer,
                lambda: _describe(settings),
                settings.process_heartbeat,
            )
            recorder.replay_leftovers()
            _recorder, _place = recorder, place
            _hook()
        return _recorder


def settle() -> Settled:
    """Wait until what this process has recorded so far is in the ledger, if it recorded anything.

    It waits for no longer than the end of a flow does. Returns what has become of it.
    """
    recorder = _recorder
    if recorder is None:
        return Settled.ACKNOWLEDGED
    return recorder.flush(get_settings().settle_timeout)


def deliver_leftovers() -> LeftoverReplay:
    """Begin to send, in the background, what dead processes left in the spool folder, if any did.

    For processes that see to others' runs, and record nothing themselves. Stop it in the end.
    """
    settings = get_settings()
    replay = LeftoverReplay(settings.spool_path, lambda: _open_transport(settings))
    replay.start()
    return replay


def shutdown() -> None:
    """Close the process's recorder, if there is one; the next `get_recorder` makes another."""
    global _recorder
    with _lock:
        recorder, _recorder = _recorder, None
    if recorder is not None:
        recorder.close(get_settings().settle_timeout)


def _open_transport(settings: Settings) -> Transport:
    if settings.service_url is not None:
        from headrace.recorder.http import HttpTransport

        return HttpTransport(settings.service_url, settings.api_key)
    from headrace.recorder.embedded import EmbeddedTransport

    return EmbeddedTransport(settings.ledger)


def _describe(settings: Settings) -> ProcessInfo:
    direct = settings.service_url is None
    return ProcessInfo(host(), os.getpid(), identity(), settings.process_lease, direct)


def _first_contact(transport: Transport, patience: float) -> None:
    """Try for `patience` seconds to get an answer."""
    deadline = time.monotonic() + patience
    delay = 0.05
    while True:
        try:
            transport.connect()
            return
        except TransportAway as error:
            if time.monotonic() + delay > deadline:
                transport.close()
                if error.answers:
                    raise ServiceUnreachable(
                        f"the service at {transport.target} takes no records now ({error}); "
                        "`headrace server status` tells when it does"
                    ) from None
                raise ServiceUnreachable(
                    f"nobody answers at {transport.target} ({error}); start a service with "
                    "`headrace server start`, or unset HEADRACE_API_URL to record to a local file"
                ) from None
        except BaseException:
            transport.close()
            raise
        time.sleep(delay)
        delay = min(delay * 2, 0.5)


def _hook() -> None:
    """Be told of forks and of the end, once."""
    global _hooked
    _finish_with_multiprocessing()
    if not _hooked:
        _hooked = True
        atexit.register(_at_exit)
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)


def _at_exit() -> None:
    recorder = _recorder
    if recorder is not None:
        recorder._close_for_good(get_settings().settle_timeout)


def _before_fork() -> None:
    # A child of `multiprocessing` forgets what its parent registered, but asks these.
    global _known_to_multiprocessing
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not _known_to_multiprocessing:
        _known_to_multiprocessing = True
        util.register_after_fork(get_recorder, lambda _: _finish_with_multiprocessing())
    # The ledger's file is closed after this: the last to be registered is the first to be called.
    if _recorder is not None:
        _recorder._before_fork()


def _finish_with_multiprocessing() -> None:
    """Processes of `multiprocessing` end without `atexit`, but call finalizers of their own."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, _at_exit, exitpriority=0)


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    forget_inherited()
    if _recorder is not None:
        _recorder._after_fork_in_child()
