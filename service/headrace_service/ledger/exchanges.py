"""Exchanges about slots with processes elsewhere: those of them who wait, between two requests.

Who waits in a process elsewhere has a place in line, and an entry here for as long as its process
asks for news. The entry knows the answer once there is one, and keeps it until it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils

from headrace.records import SlotAnswer, SlotLease, SlotNews, SlotRequest

if TYPE_CHECKING:
    from headrace_service.ledger.waiting import Slots

#: Seconds for which one request may wait for news; who waits longer asks again.
LONGEST_WAIT = 30.0
#: Seconds after which nobody is taken to wait who was not asked about; as long as for its place.
#: With the longest wait that is less than the minute for which clients think an answer may be kept.
KEPT = 10.0


class _Entry:
    """One who waits; `heard_until` is until when (the loop's clock) somebody is known to ask."""

    __slots__ = ("future", "heard_until", "wake")

    def __init__(self, future: Future[SlotAnswer], heard_until: float) -> None:
        self.future = future
        self.heard_until = heard_until
        #: Called, in whichever thread, once there is an answer.
        self.wake: Callable[[], object] | None = None
        future.add_done_callback(self._tell)

    def _tell(self, _: Future[SlotAnswer]) -> None:
        if (wake := self.wake) is not None:
            wake()


class Exchanges:
    """The exchanges of one service; belongs to its event loop.

    Args:
        slots: the slots of its ledger.
        kept: seconds after which nobody is taken to wait about whom nobody has asked.
    """

    def __init__(self, slots: Slots, kept: float = KEPT) -> None:
        self._slots = slots
        self._kept = kept
        self._name = str(uuid_utils.uuid7())
        self._entries: dict[UUID, _Entry] = {}
        self._cleaning: asyncio.TimerHandle | None = None

    async def exchange(
        self,
        acquire: list[SlotRequest],
        release: list[UUID],
        renew: list[SlotLease],
        waiting: list[UUID],
        wait_seconds: float,
    ) -> SlotNews:
        """Do what a process asks for, and tell what is new of those of it who wait.

        The arguments are those of `headrace.records.SlotExchange`.
        """
        news = SlotNews(
            {}, [lease for lease in waiting if lease not in self._entries], [], [], self._name
        )
        if acquire or release or renew:
            leases = [(lease.lease_id, lease.seconds) for lease in renew]
            for lease_id in release:
                self._entries.pop(lease_id, None)
            done = await asyncio.wrap_future(self._slots.exchange(acquire, release, leases))
            news = SlotNews(done.answers, news.unknown, done.released, done.lost, self._name)
            heard_until = self._now() + self._kept
            for lease_id, future in done.waiting.items():
                self._entries[lease_id] = _Entry(future, heard_until)
            self._collect([*waiting, *done.waiting], news)
            self._clean_later()
        elif not news.unknown and not self._collect(waiting, news):
            await self._wait(waiting, min(wait_seconds, LONGEST_WAIT))
            self._collect(waiting, news)
        return news

    def end_waits(self) -> None:
        """Answer all who wait for news, since the service is to end."""
        for entry in self._entries.values():
            if entry.wake is not None:
                entry.wake()

    def _collect(self, waiting: Iterable[UUID], news: SlotNews) -> bool:
        """Add what has become of those who wait to the news; whether there is anything."""
        heard_until = self._now() + self._kept
        for lease_id in waiting:
            entry = self._entries.get(lease_id)
            if entry is None:
                continue
            entry.heard_until = heard_until
            if entry.future.done():
                del self._entries[lease_id]
                if entry.future.cancelled() or entry.future.exception() is not None:
                    news.unknown.append(lease_id)  # asked for anew, it is told why
                else:
                    news.answers[lease_id] = entry.future.result()
        return bool(news.answers or news.unknown)

    async def _wait(self, waiting: list[UUID], seconds: float) -> None:
        """Until there is news of one of these, for so long at most."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(told.set)

        entries = [self._entries[lease_id] for lease_id in waiting]
        for entry in entries:
            entry.heard_until = self._now() + seconds + self._kept
            entry.wake = wake
        try:
            if not any(entry.future.done() for entry in entries):
                async with asyncio.timeout(seconds):
                    await told.wait()
        except TimeoutError:
            return
        finally:
            for entry in entries:
                if entry.wake is wake:
                    entry.wake = None

    def _clean_later(self) -> None:
        """Forget those whom nobody asks about any more, as long as there is anybody."""
        if self._entries and self._cleaning is None:
            loop = asyncio.get_running_loop()
            self._cleaning = loop.call_later(self._kept / 2, self._clean)

    def _clean(self) -> None:
        self._cleaning, now = None, self._now()
        for lease_id, entry in list(self._entries.items()):
            if entry.heard_until < now:
                del self._entries[lease_id]
                self._slots.turn_away(lease_id, entry.future)
        self._clean_later()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
