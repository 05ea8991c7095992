"""Slots of a service's limits, asked for over HTTP: all threads and coroutines share the requests.

One thread takes what has come together and brings it to the service in one exchange; what comes
meanwhile goes with the next. The answer tells of those who were waiting, too: so whoever gives a
slot back brings home the news for whom it is. Where nothing else happens, those who wait are asked
about by a request of their own, which the service answers when it is somebody's turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from headrace.client import Client
from headrace.concurrency import clock
from headrace.concurrency.slots import Asked
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.records import SlotAnswer, SlotLease, SlotNews, SlotRequest

logger = logging.getLogger("headrace.concurrency")

#: Seconds for which one request waits for news; then the next one goes on waiting.
WAIT = 20.0
#: Seconds without an exchange after which those who wait are asked about by themselves.
QUIET = 0.002
#: How many of those who wait an exchange asks about, and a request of their own; all in turn.
MOST = 200
#: Seconds for which a service may have kept an answer for one who waits until it is asked for it,
#: at most.
KEPT = 60.0
#: The part of a lease that may be over by then; there has to be time left to renew it.
SAFE = 0.5
#: Seconds between two tries of a service that does not answer: at first, and at most.
PAUSE = (0.1, 2.0)
#: Seconds for which giving back slots is tried while the service does not answer.
RELEASE = 5.0
#: How often an exchange is tried that the service fails at by an error of its own.
BUG_TRIES = 6
#: What the service answers when it cannot just now, and may a moment later.
PASSING = frozenset({"LedgerUnusable", "InternalError"})

_EXCHANGE = """
mutation ExchangeSlots($exchange: SlotExchange!) {
  exchangeSlots(exchange: $exchange) {
    ... on SlotsExchanged { news }
    ... on InvalidInput { code message field }
  }
}
"""

T = TypeVar("T")


class _Asking(NamedTuple):
    """Somebody who has no answer yet."""

    request: SlotRequest
    future: Asked

    def is_good(self, answer: SlotAnswer, since: float, part: float) -> bool:
        """Whether no more than that part of what was granted at `since`, or later, is over."""
        return not answer.leased or clock.now() < since + part * self.request.lease_seconds


class _Release(NamedTuple):
    """A lease that is to be given back; tried until `until` (monotonic).

    `service` is who was heard of last before it was.
    """

    future: Future[list[UUID]]
    until: float
    service: str


class _Renewal(NamedTuple):
    """Leases that are to last longer."""

    leases: list[SlotLease]
    future: Future[list[UUID]]


class _Parcel(NamedTuple):
    """What goes with one exchange."""

    acquire: list[_Asking]
    release: dict[UUID, _Release]
    renew: list[_Renewal]
    waiting: list[UUID]

    def parts(self) -> list[_Parcel]:
        """What each has asked for by itself."""
        parts = [_Parcel([each], {}, [], []) for each in self.acquire]
        parts += [_Parcel([], {lease: each}, [], []) for lease, each in self.release.items()]
        return parts + [_Parcel([], {}, [each], []) for each in self.renew]


class ServiceSlots:
    """The slots of the limits of the service at `url`; see `headrace.concurrency.slots.Slots`."""

    def __init__(self, url: str) -> None:
        self._client = Client(url)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        # All who have no answer yet, and in which order they are asked about; those of them who
        # are to be asked for by the next exchange; and those about whom the service is being asked.
        self._asking: dict[UUID, _Asking] = {}
        self._turns: deque[UUID] = deque()
        self._unsent: dict[UUID, None] = {}
        self._watched: set[UUID] = set()
        self._release: dict[UUID, _Release] = {}
        self._renew: list[_Renewal] = []
        # How often the service has not answered, and has failed, since it last answered.
        self._away = self._bugs = 0
        # Who has answered last.
        self._service = ""

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots; while the service does not answer, again and again."""
        future = Asked()
        with self._changing():
            self._asking[request.lease_id] = _Asking(request, future)
            self._turns.append(request.lease_id)
            self._unsent[request.lease_id] = None
        return future

    def release(self, lease_id: UUID) -> Future[list[UUID]]:
        """Give a lease back, or wait for it no more."""
        future: Future[list[UUID]] = Future()
        with self._changing():
            self._asking.pop(lease_id, None)
            self._unsent.pop(lease_id, None)
            self._release[lease_id] = _Release(future, time.monotonic() + RELEASE, self._service)
        return future

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on."""
        future: Future[list[UUID]] = Future()
        with self._changing():
            self._renew.append(_Renewal([SlotLease(*lease) for lease in leases], future))
        return future

    def close(self) -> None:
        """Give back what is to be given back, and close the connections.

        Who waits still is to ask again; with whoever comes later everything begins anew.
        """
        with self._changed:
            thread, self._thread = self._thread, None
            asking, self._asking, self._unsent = self._asking, {}, {}
            self._turns.clear()
            self._changed.notify()
        for each in asking.values():
            each.future.cancel()
        if thread is not None:
            thread.join()
        self._client.close()

    # -- the thread that exchanges -----------------------------------------------------------------

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """To be held while something is added that the next exchange is to bring."""
        with self._changed:
            yield
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="headrace-slots", daemon=True
                )
                self._thread.start()
            else:
                self._changed.notify()

    def _run(self) -> None:
        while (parcel := self._next_parcel()) is not None:
            self._bring(parcel)

    def _bring(self, parcel: _Parcel) -> Exception | None:
        """Exchange; why nobody has answered, if nobody has, and it is to be tried again."""
        asked_at = clock.now()
        try:
            news = self._ask(
                acquire=[each.request for each in parcel.acquire],
                release=list(parcel.release),
                renew=[lease for renewal in parcel.renew for lease in renewal.leases],
                waiting=parcel.waiting,
            )
        except (ServiceUnreachable, ServiceError) as error:
            self._bugs += isinstance(error, ServiceError) and error.code == "InternalError"
            if not self._is_final(error):
                self._note_away(error)
                self._keep(parcel, error)
                self._pause()
                return error
            self._away = self._bugs = 0
            if isinstance(error, ServiceError) and error.code == "InvalidInput":
                self._bring_each(parcel, error)
            else:
                self._fail(parcel, error)
        else:
            self._away = self._bugs = 0
            self._deliver(parcel, news, asked_at)
        return None

    def _bring_each(self, parcel: _Parcel, refusal: ServiceError) -> None:
        """Bring by itself what was refused together: what one asks is not to spoil all others'."""
        parts = parcel.parts()
        if len(parts) == 1 and not parcel.waiting:
            self._fail(parcel, refusal)
            return
        away: Exception | None = None
        for part in parts:
            if away is None:
                away = self._bring(part)
            else:  # the others need not find that out by themselves, each with a pause of its own
                self._keep(part, away)

    def _next_parcel(self) -> _Parcel | None:
        """What is to be exchanged next, once there is something; None when all is over."""
        with self._changed:
            while not (self._unsent or self._release or self._renew):
                if self._is_over():
                    return None
                unwatched = [lease for lease in self._asking if lease not in self._watched]
                if not self._changed.wait(QUIET if unwatched else None):
                    for start in range(0, len(unwatched), MOST):
                        self._watch(unwatched[start : start + MOST])
            parcel = _Parcel(
                [self._asking[lease] for lease in self._unsent],
                self._release,
                self._renew,
                self._whose_turn(),
            )
            self._unsent, self._release, self._renew = {}, {}, []
        return parcel

    def _whose_turn(self) -> list[UUID]:
        """Those who wait and are to be asked about next. The lock is held."""
        chosen: list[UUID] = []
        for _ in range(len(self._turns)):
            lease_id = self._turns.popleft()
            if lease_id in self._asking:
                self._turns.append(lease_id)
                if lease_id not in self._unsent:
                    chosen.append(lease_id)
                    if len(chosen) == MOST:
                        break
        return chosen

    def _is_over(self) -> bool:
        """Whether it was closed. The lock is held."""
        return self._thread is not threading.current_thread()

    def _deliver(self, parcel: _Parcel, news: SlotNews, asked_at: float) -> None:
        self._tell(news, asked_at, parcel)
        self._service = news.service
        for lease_id, released in parcel.release.items():
            # Given back to another one before, it may be, whose answer was lost with it.
            forgotten = released.service not in ("", news.service)
            known = forgotten or lease_id in news.released
            _set(released.future, [lease_id] if known else [])
        lost = set(news.lost)
        for leases, future in parcel.renew:
            _set(future, [lease.lease_id for lease in leases if lease.lease_id in lost])

    def _tell(self, news: SlotNews, asked_at: float, parcel: _Parcel | None = None) -> None:
        """Give their answers to those who have some, and ask anew where there is none that holds.

        `asked_at` is when the news was asked for: it may have been under way since. Those who were
        not asked for with the parcel may have been granted their slots before.
        """
        asked = {each.request.lease_id for each in parcel.acquire} if parcel is not None else set()
        answered: list[tuple[_Asking, SlotAnswer]] = []
        with self._changed:
            self._send_again(news.unknown)
            for lease_id, answer in news.answers.items():
                asking = self._asking.get(lease_id)
                if asking is None:
                    continue
                since, part = (asked_at, 1.0) if lease_id in asked else (asked_at - KEPT, SAFE)
                if not asking.is_good(answer, since, part):
                    self._send_again([lease_id])
                    continue
                del self._asking[lease_id]
                self._unsent.pop(lease_id, None)
                asking.future.since = since
                answered.append((asking, answer))
        for asking, answer in answered:
            _set(asking.future, answer)

    # -- those who wait ----------------------------------------------------------------------------

    def _watch(self, leases: list[UUID]) -> None:
        """Have the service tell when it is the turn of one of these. The lock is held."""
        self._watched.update(leases)
        threading.Thread(
            target=self._run_watch, args=(leases,), name="headrace-slots-watch", daemon=True
        ).start()

    def _run_watch(self, leases: list[UUID]) -> None:
        asked_at = clock.now()
        try:
            news = self._ask(waiting=leases, wait_seconds=WAIT)
        except (ServiceUnreachable, ServiceError):
            news = SlotNews(unknown=leases)  # the other thread asks, tries again, and tells why
        self._tell(news, asked_at)
        with self._changed:
            self._watched.difference_update(leases)
            self._changed.notify()

    # -- the service -------------------------------------------------------------------------------

    def _ask(self, **exchange: object) -> SlotNews:
        """Exchange with the service.

        Raises:
            ServiceError: it answers with an error.
            ServiceUnreachable: it does not answer.
        """
        asked = {"exchange": exchange}
        answer = self._client.execute(_EXCHANGE, asked, repeatable=True)["exchangeSlots"]
        if "news" not in answer:
            raise ServiceError(answer["message"], answer["code"], answer["field"])
        try:
            return msgspec.convert(answer["news"], SlotNews)
        except msgspec.ValidationError as error:
            raise ServiceError(f"the service's answer makes no sense: {error}", "News") from None

    def _note_away(self, error: ServiceUnreachable | ServiceError) -> None:
        if self._away == 0:
            logger.warning("%s; trying again for concurrency slots", error)
        self._away += 1

    def _is_final(self, error: ServiceUnreachable | ServiceError) -> bool:
        """Whether it is no use to try again."""
        refused = isinstance(error, ServiceError) and error.code not in PASSING
        return refused or self._bugs >= BUG_TRIES

    def _keep(self, parcel: _Parcel, error: Exception) -> None:
        """Have the next exchange bring what is to be tried again."""
        now = time.monotonic()
        for renewal in parcel.renew:  # the keeper tries again, for as long as the leases last
            _set_error(renewal.future, error)
        with self._changed:
            over = self._is_over()
            again = {lease: each for lease, each in parcel.release.items() if each.until > now}
            self._release = ({} if over else again) | self._release
            self._send_again(each.request.lease_id for each in parcel.acquire)
        for lease_id, released in parcel.release.items():
            if over or lease_id not in again:
                _set_error(released.future, error)

    def _send_again(self, leases: Iterable[UUID]) -> None:
        """Have the next exchange ask for these; who came first stays first. The lock is held."""
        if again := {lease for lease in leases if lease in self._asking}:
            again.update(self._unsent)
            self._unsent = {lease: None for lease in self._asking if lease in again}

    def _fail(self, parcel: _Parcel, error: Exception) -> None:
        """Tell all whose requests went with an exchange that it has failed."""
        with self._changed:
            for each in parcel.acquire:
                self._asking.pop(each.request.lease_id, None)
        futures: list[Future[Any]] = [each.future for each in parcel.acquire]
        futures += [each.future for each in parcel.release.values()]
        futures += [each.future for each in parcel.renew]
        for future in futures:
            _set_error(future, error)

    def _pause(self) -> None:
        """Wait before the next try, unless it is over."""
        first, most = PAUSE
        with self._changed:
            self._changed.wait_for(self._is_over, min(most, first * 2 ** min(self._away - 1, 10)))


def _set(future: Future[T], value: T) -> None:
    """Answer, unless whoever asked waits no more."""
    with suppress(InvalidStateError):
        future.set_result(value)


def _set_error(future: Future[Any], error: Exception) -> None:
    with suppress(InvalidStateError):
        future.set_exception(error)
