"""Slots of limits for those who ask in this process: at once, or when their turn has come.

A request that has to wait is a row in the ledger and an entry here. Slots that this process frees
are given on in the same transaction, and the entry is told at once. Whether other
processes have committed is what one thread looks at while somebody waits here; now and then it also
tells the ledger that they wait still, and looks when a lease or a drained slot has come to its end.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from headrace.records import SlotAnswer, SlotRequest, now_micros
from headrace_service.ledger import concurrency
from headrace_service.ledger.concurrency import Outcome
from headrace_service.ledger.database.backend import Backend
from headrace_service.ledger.errors import LedgerUnusable

if TYPE_CHECKING:
    import peewee

    from headrace_service.ledger.processes import Reaped
    from headrace_service.ledger.readers import Readers
    from headrace_service.ledger.writer import Writer

logger = logging.getLogger("headrace_service.ledger")

#: Seconds between two looks for other processes' commits, while somebody waits.
POLL = 0.005
#: Microseconds after which those who wait are heard of again, at the latest.
REFRESH = 1_000_000
#: Seconds of looking that each who waits adds to the pause between two looks.
LOOK = 0.000_01
NEVER = 2**63
#: Leases of which it is remembered that they were given back.
REMEMBERED = 10_000

Verb = Callable[["peewee.Database", int], Outcome]

#: What there is to tell whoever asks, when his turn is yet to come.
_LATER = object()


class Exchanged(NamedTuple):
    """What came of an exchange: the answers that there are, the futures of those that wait, which
    leases were in force when they were given back, and which of those to be renewed have ended."""

    answers: dict[UUID, SlotAnswer]
    waiting: dict[UUID, Future[SlotAnswer]]
    released: list[UUID]
    lost: list[UUID]


class Slots:
    """The slots of a ledger's limits.

    Args:
        backend: where the ledger is kept.
        writer: runs the verbs.
        readers: look whether those who wait have been given their slots.
    """

    def __init__(self, backend: Backend, writer: Writer, readers: Readers) -> None:
        self._backend = backend
        self._writer = writer
        self._readers = readers
        self._lock = threading.Lock()
        self._waiting: dict[UUID, tuple[SlotRequest, Future[SlotAnswer]]] = {}
        self._given_back: dict[UUID, None] = {}
        self._refresh_at = NEVER
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots. The future answers when they are granted or refused.

        It also answers, without either, when the request does not want to wait; and it is
        cancelled when the ledger is closed: ask again, under the same lease, once it is open. To
        wait no longer, call `release`.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        future: Future[SlotAnswer] = Future()
        self._ask(request, future)
        return future

    def turn_away(self, lease_id: UUID, future: Future[SlotAnswer]) -> None:
        """Tell the future that `acquire` gave no more, if it waits.

        Its request keeps its place in line for a while, and may be granted: ask again to know.
        """
        with self._lock:
            entry = self._waiting.get(lease_id)
            if entry is not None and entry[1] is future:
                del self._waiting[lease_id]

    def release(self, *lease_ids: UUID) -> Future[list[UUID]]:
        """Give back what leases hold, or leave the line.

        The future has those that were in force, also when they had been given back before: whoever
        asks again has not heard the answer.
        """
        self._leave(lease_ids)
        released: Future[list[UUID]] = Future()
        self._perform(
            lambda db, now: concurrency.release(db, lease_ids, now),
            released,
            lambda outcome: self._note_given_back(lease_ids, outcome.answer),
        )
        return released

    def exchange(
        self,
        acquire: Sequence[SlotRequest],
        release: Sequence[UUID],
        renew: Sequence[tuple[UUID, float]],
    ) -> Future[Exchanged]:
        """Give back, renew and ask for slots, in this order and in one transaction."""
        self._leave(release)
        exchanged: Future[Exchanged] = Future()

        def verb(db: peewee.Database, now: int) -> Outcome:
            done = [concurrency.release(db, release, now), concurrency.renew(db, renew, now)]
            done += [concurrency.acquire(db, request, now) for request in acquire]
            granted = {lease: answer for each in done for lease, answer in each.granted.items()}
            moments = [each.retry_at for each in done if each.retry_at is not None]
            return Outcome([each.answer for each in done], granted, min(moments, default=None))

        def settle(outcome: Outcome) -> Exchanged:
            released, lost, *answers = outcome.answer
            settled, waiting = {}, {}
            for request, answer in zip(acquire, answers, strict=True):
                if _is_final(request, answer):
                    settled[request.lease_id] = answer
                else:
                    waiting[request.lease_id] = future = Future[SlotAnswer]()
                    self._stand_by(request, future, outcome.retry_at)
            return Exchanged(settled, waiting, self._note_given_back(release, released), lost)

        self._perform(verb, exchanged, settle)
        return exchanged

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on; the future has the lost ones."""
        listed = list(leases)
        return self.perform(lambda db, now: concurrency.renew(db, listed, now))

    def reap(self) -> Future[Reaped]:
        """End the runs of processes that can be seen to be dead, and free what they held."""
        from headrace_service.ledger.reaping import reap_unheard

        spool = self._backend.spool
        return self.perform(lambda db, now: reap_unheard(db, spool, now))

    def perform(self, verb: Verb) -> Future[Any]:
        """Do a verb; the future has its answer, and whoever got slots by it is told."""
        future: Future[Any] = Future()
        self._perform(verb, future, lambda outcome: outcome.answer)
        return future

    def close(self) -> None:
        """Stop waiting; what is waited for is cancelled. Before the writer is closed."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, {}
        self._changed.set()
        for _, future in waiting.values():
            future.cancel()
        if self._thread is not None:
            self._thread.join()

    # -- in the writer's thread ------------------------------------------------------------------

    def _ask(self, request: SlotRequest, future: Future[SlotAnswer]) -> None:
        def settle(outcome: Outcome) -> object:
            if _is_final(request, outcome.answer):
                return outcome.answer
            self._stand_by(request, future, outcome.retry_at)
            return _LATER

        self._perform(lambda db, now: concurrency.acquire(db, request, now), future, settle)

    def _stand_by(
        self, request: SlotRequest, future: Future[SlotAnswer], retry_at: int | None
    ) -> None:
        """Have the future told when the request's turn has come."""
        with self._lock:
            if self._closed:
                future.cancel()
                return
            self._waiting[request.lease_id] = (request, future)
            self._refresh_by(retry_at)
            self._start()

    def _leave(self, lease_ids: Iterable[UUID]) -> None:
        """Wait for these no more."""
        with self._lock:
            left = [self._waiting.pop(lease_id, None) for lease_id in lease_ids]
        for entry in left:
            if entry is not None:
                entry[1].cancel()

    def _note_given_back(self, lease_ids: Iterable[UUID], released: list[UUID]) -> list[UUID]:
        """Those of the leases that were in force when they were given back, now or before."""
        for lease_id in released:
            self._given_back[lease_id] = None
        found = [lease_id for lease_id in lease_ids if lease_id in self._given_back]
        while len(self._given_back) > REMEMBERED:
            del self._given_back[next(iter(self._given_back))]
        return found

    def _perform(self, verb: Verb, asker: Future[Any], settle: Callable[[Outcome], object]) -> None:
        """Do a verb. What `settle` makes of its outcome is the answer to whoever asks."""

        def done(job: Future[Outcome]) -> None:
            error = job.exception()
            if error is not None:
                with contextlib.suppress(InvalidStateError):  # whoever asked has cancelled
                    asker.set_exception(error)
                return
            outcome = job.result()
            answer = settle(outcome)
            self._tell_granted(outcome.granted)
            if answer is not _LATER:
                _tell(asker, answer)

        self._writer.submit(lambda db: verb(db, now_micros())).add_done_callback(done)

    def _tell_granted(self, granted: dict[UUID, SlotAnswer]) -> None:
        for lease_id, answer in granted.items():
            with self._lock:
                entry = self._waiting.pop(lease_id, None)
            if entry is not None:
                _tell(entry[1], answer)

    def _ask_again(self, lease_ids: Iterable[UUID]) -> None:
        """Ask anew for those who have no place in line: what became of their requests?"""
        for lease_id in lease_ids:
            with self._lock:
                entry = self._waiting.pop(lease_id, None)
            if entry is not None:
                self._ask(*entry)

    def _refresh_by(self, moment: int | None) -> None:
        """Refresh at that moment, if not before. Under the lock."""
        wait = REFRESH if moment is None else min(REFRESH, moment - now_micros())
        self._refresh_at = min(self._refresh_at, _ticks() + wait)

    # -- the thread --------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="headrace-slots", daemon=True)
            self._thread.start()
        self._changed.set()

    def _run(self) -> None:
        with self._backend.watch() as others:
            while not self._closed:
                if told := self._changed.wait(self._pause()):
                    time.sleep(POLL)  # those who come at the same time share a look
                self._changed.clear()
                try:
                    if _ticks() >= self._refresh_at:
                        self._refresh()
                    elif others.changed() or told:
                        self._look()
                except LedgerUnusable:
                    return  # it was closed
                except Exception:  # those who wait lose nothing but time
                    logger.exception("could not look for free slots; trying again")
                    self._changed.wait(1.0)

    def _pause(self) -> float | None:
        """Seconds until the next look: longer when many wait, as it costs more then."""
        count = len(self._waiting)
        return max(POLL, count * LOOK) if count else None

    def _look(self) -> None:
        """See whether others have given slots to those who wait here."""
        with self._lock:
            waiting = list(self._waiting)
        if not waiting:
            return
        looking = self._readers.submit(lambda db: concurrency.placeless(db, waiting))
        self._ask_again(looking.result())

    def _refresh(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
            self._refresh_at = NEVER
            if waiting:
                self._refresh_by(None)  # again, should the ledger not answer this time
        if not waiting:
            return

        def done(outcome: Outcome) -> object:
            with self._lock:
                self._refresh_by(outcome.retry_at)
            self._ask_again(outcome.answer)
            return _LATER

        self.reap()  # what is waited for may be held by the dead
        job: Future[Any] = Future()
        self._perform(lambda db, now: concurrency.refresh(db, waiting, now), job, done)


def _is_final(request: SlotRequest, answer: SlotAnswer) -> bool:
    """Whether that is all there will be to say about a request."""
    return answer.granted or answer.refused is not None or not request.wait


def _tell(future: Future[Any], answer: object) -> None:
    """Answer, unless whoever asked has cancelled."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(answer)


def _ticks() -> int:
    """Microseconds on a clock that nobody sets."""
    return time.monotonic_ns() // 1000
