"""The one thread that takes the records from memory and sees them safe.

What a caller recorded is in one of these places, oldest first, and never overtakes:

    acknowledged <- spool (on disk) <- held (encoded, in memory) <- buffer (records, in memory)

Most of the time the spool is empty and `held` has the one batch that is being sent. When nobody
answers, what is held goes to the spool, and so does what comes after, until all of it is
delivered; then batches are sent directly again.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from uuid import UUID

from headrace.exceptions import SetupError
from headrace.recorder.batches import Batch, Stream
from headrace.recorder.buffer import Buffer, Mark, Settled
from headrace.recorder.delivery import Delivery
from headrace.recorder.spool import Spool
from headrace.recorder.transport import Transport, TransportAway, TransportStumbled
from headrace.records import ClaimLoss, ProcessInfo, RunClaim, StateType

logger = logging.getLogger("headrace.recorder")

#: Records in one batch.
BATCH = 1_000
#: Seconds of silence after which a process with open runs tells that it lives.
HEARTBEAT = 5.0
#: Seconds for which the first record of a batch waits for others.
LINGER = 0.02
#: The same while batches go to the spool: fewer, longer batches are replayed faster.
SPOOL_LINGER = 0.1
#: Seconds between tries: from the first failure on, doubled up to the second number.
BACKOFF = (0.05, 2.0)
#: Failures in a row, or seconds of failing, after which the service counts as away.
PATIENCE = (3, 1.0)
#: Seconds of failing after which nobody waits for a service that is away, once the records are on
#: disk: time enough, once for each absence, for a service that is restarted.
HOPE = 1.5
#: A try that fails within so many seconds is repeated for everybody who waits: on a busy machine,
#: even one that is refused at once takes tenths of a second.
QUICK = 0.5
#: Seconds until a disk that did not take a batch is tried again.
DISK_RETRY = 1.0


class Flusher:
    """Drains a buffer into a transport, by way of a spool when need be.

    Args:
        transport: where to; only the flusher's thread uses it.
        spool_folder: where a spool file is made when the transport is away.
        bound: how many records may wait in memory.
        process: what the ledger is to know of this process while it has runs that have not ended.
        heartbeat: seconds of silence after which it is told that such a process lives.
    """

    def __init__(
        self,
        transport: Transport,
        spool_folder: Path,
        bound: int,
        process: ProcessInfo | None = None,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self.buffer = Buffer(bound)
        self.delivery = Delivery(transport, spool_folder)
        self._transport = transport
        self._spool_folder = spool_folder
        self._stream = Stream(process)
        self._heartbeat = heartbeat
        self._spoke_at = 0.0
        self._spool: Spool | None = None
        self._held: deque[Batch] = deque()
        self._taken = 0  # batches ever made …
        self._done = 0  # … and of those, acknowledged or refused for good
        self._marks: deque[tuple[int, Mark]] = deque()  # each with the batches before it
        self._failures = 0
        self._failing_since = 0.0
        self._away = False
        self._hopeless = False  # away for so long that what is on disk is waited for no more
        self._fails_quickly = True
        self._retry_at = 0.0
        self._disk_retry_at = 0.0
        self._disk_told = False
        self._disk_error = ""
        self._busy_since = 0.0
        self._thread: threading.Thread | None = None
        self._ident: int | None = None
        self._starting = threading.Lock()
        self._inline = threading.Lock()
        # Held for everything but waiting and sending, so that `close` can take over from a thread
        # that hangs in a send.
        self._lock = threading.Lock()
        self.closed = False
        self._abandoned = False

    # -- for the callers ----------------------------------------------------------------------

    def nudge(self) -> None:
        """There is something to do: start or wake the thread, or wait until it made room."""
        running = self._start()
        self.buffer.wake()
        if len(self.buffer.items) < self.buffer.bound or threading.get_ident() == self._ident:
            return
        if running:
            self.buffer.wait_for_room()
        else:
            self.flush(None)

    @property
    def client_id(self) -> UUID:
        """The name of the stream."""
        return self._stream.client_id

    def begin(self, claim: RunClaim, on_loss: Callable[[ClaimLoss], object]) -> StateType:
        """Ask for a claimed run, before anything is recorded; see `Recorder.begin`.

        Once it has it, the process says that it lives, though it may record nothing for long.
        """
        process = self._stream.process
        assert process is not None  # a process that has runs tells who it is
        with self._lock:
            state = self._transport.begin(claim, self.client_id, process)
            self._stream.take(claim)
            self.delivery.on_loss = on_loss
            self._spoke_at = time.monotonic()
        self._start()
        self.buffer.wake()
        return state

    def hold(self, run_ids: Collection[UUID]) -> ProcessInfo:
        """See `Recorder.hold`."""
        process = self._stream.process
        assert process is not None  # a process that has runs tells who it is
        with self._lock:
            self._stream.hold(run_ids)
        self._start()
        self.buffer.wake()
        return process

    def let_go(self, run_ids: Collection[UUID]) -> None:
        """See `Recorder.let_go`."""
        with self._lock:
            self._stream.let_go(run_ids)

    @property
    def started(self) -> bool:
        """Whether anything was ever recorded."""
        return self._thread is not None or bool(self.buffer.items)

    def flush(self, timeout: float | None) -> Settled:
        """Wait until all that was recorded is acknowledged, `timeout` seconds at most.

        While nobody answers, it is enough that all of it is on disk.
        """
        mark = Mark()
        if self._fails_quickly:  # then one more try costs nothing, and decides
            self._hopeless = False
            self._retry_at = 0.0
        self.buffer.mark(mark)
        if self._abandoned:  # closed by another thread; nobody will reach the mark
            return mark.settled
        if self._start():
            mark.over.wait(timeout)
        else:
            self._work_inline(mark, timeout)
        return mark.settled

    def close(self, timeout: float) -> Settled:
        """Flush, end the thread, and put on disk what was not acknowledged in time."""
        settled = Settled.TIMED_OUT
        try:
            settled = self.flush(timeout)
        finally:  # Ctrl-C ends the waiting, but what waits is kept
            settled = self._finish(settled)
        return settled

    def _finish(self, settled: Settled) -> Settled:
        self.closed = True
        self.buffer.wake()
        if self._thread is not None:
            self._thread.join(timeout=1.0)  # it ends at once, unless it waits for an answer
        with self._lock:
            self._abandoned = True
            self.buffer.threshold = 0
            if self._behind or self.buffer.items:
                settled = self._keep_the_rest()
            if self._spool is not None:
                self._spool.close()
            for _, mark in self._marks:
                mark.over.set()
        self.delivery.sum_up()
        if self._thread is None or not self._thread.is_alive():
            self._transport.close()
        return settled

    # -- the thread ---------------------------------------------------------------------------

    def _start(self) -> bool:
        """Make sure the thread runs. False while the interpreter ends and starts no more."""
        if self._thread is not None:
            return True
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="headrace-recorder", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._thread = thread
        return True

    def _run(self) -> None:
        self._ident = threading.get_ident()
        self._busy_since = time.monotonic()
        while not self.closed:
            try:
                self._pause()
                self._turn()
            except Exception:  # a fault of ours: the user's code and the other records go on
                logger.exception("the recorder stumbled; it goes on in a second")
                time.sleep(1.0)

    def _work_inline(self, mark: Mark, timeout: float | None) -> None:
        """Do the thread's work here, until the mark is reached."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._inline:
            while not mark.over.is_set():
                if deadline is not None and time.monotonic() >= deadline:
                    break
                self._pause()
                self._turn()

    def _pause(self) -> None:
        """Sleep until there is something to do; with nothing to do at all, for good."""
        buffer = self.buffer
        now = time.monotonic()
        if not self._behind:
            # What came while the last batch was under way has waited for that long already.
            linger = LINGER - (now - self._busy_since) if buffer.items else LINGER
            buffer.wait(1, self._silence_left())
            if buffer.items:  # or woken to end, or to say that we live
                buffer.wait(BATCH, linger)
        elif now >= self._retry_at:
            return
        elif self._away and now >= self._disk_retry_at:
            buffer.wait(1, self._retry_at - now)
            if buffer.items:
                buffer.wait(BATCH, min(SPOOL_LINGER, self._retry_at - time.monotonic()))
        else:
            until = max(self._disk_retry_at, now) if self._away else self._retry_at
            buffer.wait(sys.maxsize, min(self._retry_at, until) - now, urgent=False)

    def _silence_left(self) -> float | None:
        """Seconds until a heartbeat is due; None when nobody waits for one."""
        if not self._stream.has_open_runs:
            return None
        return self._spoke_at + self._heartbeat - time.monotonic()

    def _turn(self) -> None:
        """Send what is next, if anything is, and note what came of it."""
        with self._lock:
            batch = None if self._abandoned else self._next()
        if batch is None:
            return
        self._busy_since = time.monotonic()
        try:
            if self._failures:
                self._transport.connect()
            self.delivery.deliver(batch)
        except (TransportAway, SetupError) as error:
            failure: Exception | None = error
        else:
            failure = None
        with self._lock:
            if self._abandoned:  # `close` has put the batch on disk; twice delivered is once taken
                return
            if failure is None:
                self._delivered()
            else:
                self._failed(failure)

    # -- one turn's parts: under the lock -------------------------------------------------------

    @property
    def _behind(self) -> bool:
        """Whether something must be delivered before what waits in the buffer."""
        return bool(self._held) or bool(self._spool)

    def _next(self) -> Batch | None:
        """The batch to send now."""
        if self._behind:
            if self._spill_is_due():
                self._spill()
            if time.monotonic() < self._retry_at:
                return None
        else:
            self._take()
            left = None if self._held else self._silence_left()
            if left is not None and left <= 0:
                self._hold([self._stream.heartbeat()])
        if self._spool:
            first = self._spool.first()
            if first is not None:
                return Batch(*first)
            self._give_up_spool(self._spool)
        return self._held[0] if self._held else None

    def _take(self) -> None:
        """Encode the next of what waits in the buffer."""
        records, marks = self.buffer.take(BATCH)
        if records:
            self._hold(self._stream.encode(records))
        if marks:
            self._marks.extend((self._taken, mark) for mark in marks)
            self._settle()

    def _hold(self, batches: list[Batch]) -> None:
        self._spoke_at = time.monotonic()
        self._taken += len(batches)
        self._held.extend(batches)

    def _delivered(self) -> None:
        if self._away:
            logger.info("%s answers again", self._transport.target)
        self._failures = 0
        self._away = self._hopeless = False
        self._fails_quickly = True
        self._retry_at = 0.0
        if self._spool:
            self._spool.drop_first()
        else:
            self._held.popleft()
        self._done += 1
        self._settle()

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        first, most = BACKOFF
        self._retry_at = now + min(most, first * 2 ** min(self._failures - 1, 16))
        self._fails_quickly = now - self._busy_since < QUICK
        failing_for = now - self._failing_since
        if failing_for < HOPE:  # the last try before those who wait are let go
            self._retry_at = min(self._retry_at, self._failing_since + HOPE)
        failures, seconds = PATIENCE
        if not self._away and (self._failures >= failures or failing_for >= seconds):
            self._away = True
            self._tell_away(error)
        # Who stumbles is there, and has so many tries before the batch is put aside.
        if self._away and failing_for >= HOPE and not isinstance(error, TransportStumbled):
            self._hopeless = True
            self._settle()

    def _tell_away(self, error: Exception) -> None:
        """Say once that nobody takes what is recorded, and where it is meanwhile."""
        self._disk_told = True  # what the disk has to say is said here
        self._spill()
        if self._disk_told:
            logger.warning(
                "%s is away (%s), and %s takes no records either (%s); up to %d are kept in "
                "memory, and lost if the program ends before there is room",
                self._transport.target,
                error,
                self._spool_folder,
                self._disk_error,
                self.buffer.bound,
            )
        else:
            logger.warning(
                "%s is away (%s); records are kept in %s and sent when it is back",
                self._transport.target,
                error,
                self._spool_folder,
            )

    def _settle(self) -> None:
        """Tell those who wait how far things have come."""
        while self._marks and self._marks[0][0] <= self._done:
            _, mark = self._marks.popleft()
            mark.settled = Settled.ACKNOWLEDGED
            mark.over.set()
        if self._marks and self._spool:
            safe = self._done + len(self._spool)
            reached = [mark for place, mark in self._marks if place <= safe and not mark.settled]
            if reached and self._spool.sync():
                for mark in reached:
                    mark.settled = Settled.SPOOLED
        while self._hopeless and self._marks and self._marks[0][1].settled:
            self._marks.popleft()[1].over.set()

    # -- the spool ------------------------------------------------------------------------------

    def _spill_is_due(self) -> bool:
        """Whether what is in memory should go to the disk now.

        While a returned service is sent what it missed, the buffer may fill halfway: what is sent
        from memory later is not written to the disk and read again.
        """
        if time.monotonic() < self._disk_retry_at:
            return False
        if self._away:
            return True
        if self._spool and self.buffer.urgent:
            return True
        half_full = len(self.buffer.items) * 2 >= self.buffer.bound
        return half_full and (bool(self._spool) or self._failures > 0)

    def _spill(self) -> None:
        """Move what is in memory to the spool; what the disk does not take stays."""
        try:
            # So many turns empty a full buffer; those who go on recording must not keep us here.
            for _ in range(self.buffer.bound // BATCH + 2):
                while self._held:
                    batch = self._held[0]
                    self._open_spool().append(batch.payload, batch.records)
                    self._held.popleft()
                if not self.buffer.items:
                    break
                self._take()
            self._disk_told = False
            self._settle()
        except OSError as error:
            self._disk_retry_at = time.monotonic() + DISK_RETRY
            self._disk_error = error.strerror or str(error)
            if not self._disk_told:
                self._disk_told = True
                logger.warning(
                    "cannot write to %s (%s); up to %d records are kept in memory",
                    self._spool_folder,
                    self._disk_error,
                    self.buffer.bound,
                )

    def _open_spool(self) -> Spool:
        if self._spool is None:
            name = str(self._stream.client_id)
            self._spool = Spool.create(self._spool_folder, name, self._transport.target)
        return self._spool

    def _give_up_spool(self, spool: Spool) -> None:
        """Somebody has spoilt the file: say so, and go on with what comes."""
        logger.error("%s cannot be read; %d records are lost", spool.path, spool.records)
        self._done += len(spool)
        spool.clear()
        self._settle()

    def _keep_the_rest(self) -> Settled:
        """At the end: what was not acknowledged goes to the disk, or is told to be lost."""
        self._spill()
        if self._held:  # the disk does not take it, nor what is behind it
            records, marks = self.buffer.take(sys.maxsize)
            self._marks.extend((self._taken, mark) for mark in marks)
            lost = sum(batch.records for batch in self._held) + len(records)
            logger.error("%d records are lost: neither service nor disk took them", lost)
            return Settled.TIMED_OUT
        if not self._spool:
            return Settled.ACKNOWLEDGED
        logger.warning(
            "%d records wait in %s; the next process that records to %s sends them",
            self._spool.records,
            self._spool.path,
            self._transport.target,
        )
        return Settled.SPOOLED
