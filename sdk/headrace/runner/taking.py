"""What takes runs until it is told to stop: `serve`, workers, and task workers.

It waits for the feed to tell of runs, and claims at once; a look every few seconds is the safety
net, and renews its lease. Without a service it also does what a service does by the clock.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from headrace.client import AsyncClient, work
from headrace.endpoints import refuse_older_service
from headrace.exceptions import CursorExpired, HeadraceException, ServiceError, ServiceUnreachable
from headrace.ids import new_id
from headrace.liveness import identity
from headrace.logging import ensure_logging, get_logger
from headrace.recorder.process import deliver_leftovers
from headrace.records import WIRE_VERSION
from headrace.settings import get_settings
from headrace.text import counted

#: Seconds that what it has claimed stays its own without a word from it.
LEASE = 30.0
#: Seconds between two looks, at most.
LOOK = 5.0
#: Seconds until it tries again when the service is away: the first time, and at most.
RETRY, RETRY_MOST = 0.5, 10.0
#: Seconds between two looks for what processes have left.
LEFTOVERS = 30.0
#: Runs that are taken at once, at most.
MOST = 100


class Taker(abc.ABC):
    """Takes runs until it is told to stop.

    Args:
        name: what it is called.
        limit: how many runs it executes at once; None for any number.
        logger: the name of its logger.
    """

    def __init__(self, name: str, limit: int | None, logger: str) -> None:
        self.id = new_id()
        self.name = name
        self.limit = limit
        ensure_logging(get_settings())
        self.logger = get_logger(logger)
        self._news = asyncio.Event()
        self._stopping = False
        self._cancelling = False
        self._answered = False
        self._retry = RETRY
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, *, once: bool = False) -> None:
        """Take runs until `stop`; then wait for those that are under way.

        Args:
            once: take what is due now, and stop once that has ended.

        Raises:
            ServiceError: what it takes runs from does not exist.
        """
        self._loop = asyncio.get_running_loop()
        async with AsyncClient() as client:
            with self._signals():
                helpers = [asyncio.create_task(self._help(each)) for each in self._helpers(client)]
                try:
                    await self._take_runs(client, once)
                finally:
                    for helper in helpers:
                        helper.cancel()
                    await asyncio.gather(*helpers, return_exceptions=True)
                    with contextlib.suppress(ServiceError, ServiceUnreachable):
                        await self._leave(client)

    def stop(self) -> None:
        """Take no more runs, and end when those under way have ended. May be called from anywhere.

        A second call cancels those; a third does not wait for them any more.
        """
        if self._loop is None:
            self._stopping = True
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended, and this with it
            self._loop.call_soon_threadsafe(self._stop)

    @property
    @abc.abstractmethod
    def _under_way(self) -> int:
        """How many runs it executes now."""

    @abc.abstractmethod
    async def _claim(self, client: AsyncClient, room: int) -> tuple[int, float]:
        """Take `room` runs at most. Returns how many there were, and after how many seconds there
        may be more.
        """

    @abc.abstractmethod
    async def _cancel(self, client: AsyncClient) -> None:
        """Ask for what is under way to be cancelled."""

    @abc.abstractmethod
    def _end(self) -> None:
        """End what is under way, now."""

    @abc.abstractmethod
    def _wake(self) -> tuple[str, dict[str, Any]]:
        """The subscription whose messages tell that there may be something to do."""

    def _helpers(self, client: AsyncClient) -> list[Coroutine[Any, Any, None]]:
        """What is done on the side for as long as it takes runs."""
        return [client.run_loops(), self._listen(client), self._send_leftovers()]

    async def _send_leftovers(self) -> None:
        """Send, now and then, what processes of this machine have left on disk, such as those of
        runs that ended while the service was away for long.
        """
        while True:
            replay = deliver_leftovers()
            try:
                await asyncio.sleep(LEFTOVERS)
            finally:
                await asyncio.to_thread(replay.stop, 0.0)

    async def _leave(self, client: AsyncClient) -> None:
        """Say that there is no such worker any more."""
        await client.perform(work.release_worker(self.id))

    def _stop(self) -> None:
        number = self._under_way
        if not self._stopping:
            self._stopping = True
            if number:
                self.logger.info(
                    "Waiting for %s to finish; Ctrl-C again cancels",
                    counted(number, "run"),
                )
        elif not self._cancelling:
            self._cancelling = True
            if number:
                self.logger.info("Cancelling %s", counted(number, "run"))
        else:
            self._end()
        self._news.set()

    async def _take_runs(self, client: AsyncClient, once: bool) -> None:
        while not (self._stopping and not self._under_way):
            self._news.clear()
            try:
                pause = await self._look(client, once)
            except (ServiceError, ServiceUnreachable) as error:
                if isinstance(error, ServiceError) and not self._answered:
                    raise  # a pool that is not there, for one
                if self._retry == RETRY:
                    self.logger.warning("%s; trying again", error)
                pause, self._retry = self._retry, min(2 * self._retry, RETRY_MOST)
            else:
                if not (self._answered or once):
                    self.logger.info("Waiting for runs as %r; Ctrl-C ends it", self.name)
                self._answered, self._retry = True, RETRY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)

    async def _look(self, client: AsyncClient, once: bool) -> float:
        """Claim what is due. Returns after how many seconds to look again."""
        if client.api_url is not None and not self._answered:
            info = await client.server_info()
            refuse_older_service(client.api_url, info["version"], info["wireVersion"])
        if self._cancelling:
            await self._cancel(client)
        room = MOST if self.limit is None else self.limit - self._under_way
        room = 0 if self._stopping else max(0, min(room, MOST))
        claimed, pause = await self._claim(client, room)
        if once and claimed < room:  # there is no more
            self._stopping = True
        if claimed == MOST:  # there may be more
            return 0.0
        return LOOK if claimed >= room else min(max(pause, 0.0), LOOK)

    def _about(self, room: int) -> dict[str, Any]:
        """What every claim tells of who makes it."""
        return {
            "worker_id": str(self.id),
            "worker_name": self.name,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "identity": identity(),
            "wire_version": WIRE_VERSION,
            "lease_seconds": LEASE,
            "limit": room,
        }

    async def _insist(self, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer: the service may be away for a while.

        Returns:
            The answer; None when it is a refusal, which is logged.
        """
        pause = RETRY
        while True:
            try:
                return await ask()
            except ServiceUnreachable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_MOST)
            except ServiceError as error:
                self.logger.error("%s", error)
                return None

    async def _help(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work on the side; without it, runs still begin, but later."""
        try:
            await work
        except HeadraceException as error:
            self.logger.error("%s", error)

    async def _listen(self, client: AsyncClient) -> None:
        """Hear of runs as they come."""
        while True:
            try:
                async with aclosing(client.subscribe(*self._wake())) as messages:
                    async for _ in messages:
                        self._news.set()
                return
            except CursorExpired:  # it was away for long: whatever there is, it has not heard of
                self._news.set()

    @contextlib.contextmanager
    def _signals(self) -> Any:
        """Ctrl-C and SIGTERM stop it, where this is the main thread's business."""
        loop = asyncio.get_running_loop()
        taken = []
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self.stop)
                taken.append(number)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)
