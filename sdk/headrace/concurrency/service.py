"""Slots of a service's limits, asked for over HTTP by one event loop in a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID

from headrace.client import AsyncClient
from headrace.client.portal import Portal
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.records import SlotAnswer, SlotRequest

logger = logging.getLogger("headrace.concurrency")

#: Seconds for which one request waits for slots; then the next one goes on waiting.
WAIT = 20.0
#: Seconds between two tries of a service that does not answer: at first, and at most.
PAUSE = (0.1, 2.0)
#: How often giving back slots is tried while the service does not answer.
RELEASE_TRIES = 6

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
_RELEASE = "mutation ReleaseSlots($id: ID!) { releaseSlots(leaseIds: [$id]) { count } }"
_RENEW = "mutation RenewSlots($leases: [LeaseInput!]!) { renewSlots(leases: $leases) { lost } }"

T = TypeVar("T")


class ServiceSlots:
    """The slots of the limits of the service at `url`; see `headrace.concurrency.slots.Slots`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._portal: Portal | None = None
        self._client: AsyncClient | None = None
        self._told_away = False

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots; while the service does not answer, again and again."""
        return self._start(lambda client: self._acquire(client, request))

    def release(self, lease_id: UUID) -> Future[int]:
        """Give a lease back, or wait for it no more."""
        return self._start(lambda client: self._release(client, lease_id))

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on."""
        listed = [{"leaseId": str(lease), "seconds": seconds} for lease, seconds in leases]
        return self._start(lambda client: self._renew(client, listed))

    def close(self) -> None:
        """End the thread and its connections."""
        with self._lock:
            portal, client = self._portal, self._client
            self._portal = self._client = None
        if portal is not None and client is not None:
            portal.call(client.close())
            portal.close()

    def _start(self, work: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> Future[T]:
        with self._lock:
            if self._portal is None or self._client is None:
                self._portal, self._client = Portal(), AsyncClient(self._url)
            return self._portal.start(work(self._client))

    async def _acquire(self, client: AsyncClient, request: SlotRequest) -> SlotAnswer:
        variables = {"request": _input(request), "wait": WAIT if request.wait else 0.0}
        while True:
            data = await self._execute(client, _ACQUIRE, variables, tries=None)
            answer = data["acquireSlots"]
            match answer["__typename"]:
                case "SlotsGranted":
                    return SlotAnswer(True, answer["limits"], answer["leased"])
                case "SlotsAwaited" if answer["waiting"]:
                    continue
                case "SlotsAwaited":
                    return SlotAnswer(False)
                case _:
                    return SlotAnswer(False, refused=answer["message"])

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
        pause, most = PAUSE
        while True:
            try:
                data = await client.execute(document, variables)
            except (ServiceUnreachable, ServiceError) as error:
                if isinstance(error, ServiceError) and error.code not in _PASSING:
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
        },
        "occupy": request.occupy,
        "leaseSeconds": request.lease_seconds,
        "rateLimited": request.rate_limited,
    }


def _text(run_id: UUID | None) -> str | None:
    return None if run_id is None else str(run_id)
