"""Slots of a service's limits, asked for over HTTP.

What holds a thread up anyway asks from that thread, which is quickest. All that has to wait, or is
asked for by coroutines, is up to one event loop in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID

from headrace.client import AsyncClient, Client
from headrace.client.portal import Portal
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.records import SlotAnswer, SlotRequest
from headrace.utilities.asyncutils import is_in_async_context

logger = logging.getLogger("headrace.concurrency")

#: Seconds for which one request waits for slots; then the next one goes on waiting.
WAIT = 20.0
#: The same for one that only takes a place in line; the next one waits.
MOMENT = 0.001
#: Seconds for which it is remembered that slots of some limits were waited for, so that whoever
#: comes next begins with waiting; and sets of limits that are remembered.
CROWDED, MOST = 0.5, 1_000
#: Seconds between two tries of a service that does not answer: at first, and at most.
PAUSE = (0.1, 2.0)
#: How often giving back slots is tried while the service does not answer.
RELEASE_TRIES = 6
#: How often one request is tried that the service fails at by an error of its own.
BUG_TRIES = 6

_ACQUIRE = """
mutation AcquireSlots($request: SlotRequestInput!, $wait: Float!) {
  acquireSlots(request: $request, waitSeconds: $wait) {
    __typename
    ... on SlotsGranted { limits leased }
    ... on SlotsAwaited { waiting }
    ... on SlotsRefused { message }
    ... on InvalidInput { message }
  }
}
"""
_RELEASE = """
mutation ReleaseSlots($id: ID!) {
  releaseSlots(leaseIds: [$id]) { ... on SlotsReleased { count } }
}
"""
_RENEW = """
mutation RenewSlots($leases: [LeaseInput!]!) {
  renewSlots(leases: $leases) { ... on LeasesRenewed { lost } }
}
"""

T = TypeVar("T")


class ServiceSlots:
    """The slots of the limits of the service at `url`; see `headrace.concurrency.slots.Slots`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._portal: Portal | None = None
        self._client: AsyncClient | None = None
        self._direct: Client | None = None
        self._told_away = False
        #: Until when (monotonic) whoever wants slots of some limits is taken to have to wait.
        self._crowded: dict[tuple[str, ...], float] = {}

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots; while the service does not answer, again and again."""
        limits = tuple(request.names)
        if not request.wait or self._crowded.get(limits, 0.0) <= time.monotonic():
            data = self._at_once(_ACQUIRE, _acquire_variables(request, MOMENT))
            answer = None if data is None else _answer(data)
            if answer is not None:
                return _done(answer)
            if data is not None:
                self._note_crowd(limits)
        return self._start(lambda client: self._acquire(client, request))

    def release(self, lease_id: UUID) -> Future[int]:
        """Give a lease back, or wait for it no more."""
        data = self._at_once(_RELEASE, {"id": str(lease_id)})
        if data is not None:
            count: int = data["releaseSlots"]["count"]
            return _done(count)
        return self._start(lambda client: self._release(client, lease_id))

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on."""
        listed = [{"leaseId": str(lease), "seconds": seconds} for lease, seconds in leases]
        return self._start(lambda client: self._renew(client, listed))

    def close(self) -> None:
        """End the thread and its connections."""
        with self._lock:
            portal, client = self._portal, self._client
            direct = self._direct
            self._portal = self._client = self._direct = None
        if direct is not None:
            direct.close()
        if portal is not None and client is not None:
            portal.call(client.close())
            portal.close()

    def _at_once(self, document: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The data of a mutation that this thread performs; None when it must not, or cannot."""
        if is_in_async_context():
            return None
        with self._lock:
            if self._direct is None:
                self._direct = Client(self._url)
            client = self._direct
        try:
            return client.execute(document, variables)
        except (ServiceUnreachable, ServiceError):
            return None  # the loop tries again, and tells why

    def _note_crowd(self, limits: tuple[str, ...]) -> None:
        """Somebody has to wait for slots of these: so will those who come next."""
        if len(self._crowded) >= MOST:
            self._crowded.clear()
        self._crowded[limits] = time.monotonic() + CROWDED

    def _start(self, work: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> Future[T]:
        with self._lock:
            if self._portal is None or self._client is None:
                self._portal, self._client = Portal(), AsyncClient(self._url)
            return self._portal.start(work(self._client))

    async def _acquire(self, client: AsyncClient, request: SlotRequest) -> SlotAnswer:
        variables = _acquire_variables(request, WAIT)
        answer = None
        while answer is None:
            answer = _answer(await self._execute(client, _ACQUIRE, variables, tries=None))
        return answer

    async def _release(self, client: AsyncClient, lease_id: UUID) -> int:
        data = await self._execute(client, _RELEASE, {"id": str(lease_id)}, tries=RELEASE_TRIES)
        count: int = data["releaseSlots"]["count"]
        return count

    async def _renew(self, client: AsyncClient, leases: list[dict[str, object]]) -> list[UUID]:
        data = await client.execute(_RENEW, {"leases": leases})
        return [UUID(lease_id) for lease_id in data["renewSlots"]["lost"]]

    async def _execute(
        self, client: AsyncClient, document: str, variables: dict[str, Any], tries: int | None
    ) -> dict[str, Any]:
        """The data that a mutation answers with; tried again while nobody answers."""
        (pause, most), bugs = PAUSE, 0
        while True:
            try:
                data = await client.execute(document, variables)
            except (ServiceUnreachable, ServiceError) as error:
                if isinstance(error, ServiceError):
                    bugs += error.code == "InternalError"
                    if error.code not in _PASSING or bugs >= BUG_TRIES:
                        raise
                tries = None if tries is None else tries - 1
                if tries == 0:
                    raise
                self._tell_away(error)
                await asyncio.sleep(pause)
                pause = min(most, pause * 2)
            else:
                self._told_away = False
                return data

    def _tell_away(self, error: Exception) -> None:
        if not self._told_away:
            self._told_away = True
            logger.warning("%s; trying again for concurrency slots", error)


#: What the service answers when it cannot just now, and may a moment later.
_PASSING = frozenset({"LedgerUnusable", "InternalError"})


def _done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


def _answer(data: dict[str, Any]) -> SlotAnswer | None:
    """What became of a request; None while it waits."""
    answer = data["acquireSlots"]
    match answer["__typename"]:
        case "SlotsGranted":
            return SlotAnswer(True, answer["limits"], answer["leased"])
        case "SlotsAwaited":
            return None if answer["waiting"] else SlotAnswer(False)
        case _:
            return SlotAnswer(False, refused=answer["message"])


def _acquire_variables(request: SlotRequest, wait: float) -> dict[str, Any]:
    return {"request": _input(request), "wait": wait if request.wait else 0.0}


def _input(request: SlotRequest) -> dict[str, object]:
    holder = request.holder
    return {
        "leaseId": str(request.lease_id),
        "names": request.names,
        "holder": {
            "host": holder.host,
            "pid": holder.pid,
            "flowRunId": _text(holder.flow_run_id),
            "taskRunId": _text(holder.task_run_id),
            "clientId": _text(request.client_id),
            "identity": holder.identity,
        },
        "occupy": request.occupy,
        "leaseSeconds": request.lease_seconds,
        "rateLimited": request.rate_limited,
        "key": request.key,
        "priority": request.priority,
    }


def _text(run_id: UUID | None) -> str | None:
    return None if run_id is None else str(run_id)
