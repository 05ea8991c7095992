"""What takes runs and executes each in a process of its own: under `serve`, and in a worker.

It waits for the feed to tell of runs, and claims at once; a look every few seconds is the safety
net, and renews its lease. Without a service it also does what a service does by the clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from headrace.client import AsyncClient, work
from headrace.exceptions import HeadraceException, ServiceError, ServiceUnreachable
from headrace.ids import new_id
from headrace.logging import ensure_logging, get_logger
from headrace.runner.jobs import Job
from headrace.runner.processes import RunProcess, how_it_ended
from headrace.settings import get_settings

#: Seconds that what it has claimed stays its own without a word from it.
LEASE = 30.0
#: Seconds between two looks, at most.
LOOK = 5.0
#: Seconds until it tries again when the service is away: the first time, and at most.
RETRY, RETRY_MOST = 0.5, 10.0


class Host:
    """Takes runs until it is told to stop.

    Args:
        name: what it is called.
        limit: how many runs it executes at once; None for any number.
        work_pool_name: the pool whose runs it takes …
        work_queue_names: … of these queues only.
        deployment_ids: without a pool, the deployments that it serves.
    """

    def __init__(
        self,
        name: str,
        *,
        limit: int | None = None,
        work_pool_name: str | None = None,
        work_queue_names: Sequence[str] | None = None,
        deployment_ids: Sequence[UUID] = (),
    ) -> None:
        self.id = new_id()
        self.name = name
        self.limit = limit
        self.work_pool_name = work_pool_name
        self.work_queue_names = work_queue_names
        self.deployment_ids = deployment_ids
        ensure_logging(get_settings())
        self.logger = get_logger("runner" if work_pool_name is None else "worker")
        self._running: dict[UUID, RunProcess] = {}
        self._watching: set[asyncio.Task[None]] = set()
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
            ServiceError: there is no such pool.
        """
        self._loop = asyncio.get_running_loop()
        async with AsyncClient() as client:
            with self._signals():
                helpers = [
                    asyncio.create_task(self._help(client.run_loops())),
                    asyncio.create_task(self._help(self._listen(client))),
                ]
                try:
                    await self._take_runs(client, once)
                finally:
                    for helper in helpers:
                        helper.cancel()
                    await asyncio.gather(*helpers, return_exceptions=True)
                    with contextlib.suppress(ServiceError, ServiceUnreachable):
                        await client.perform(work.release_worker(self.id))

    def stop(self) -> None:
        """Take no more runs, and end when those under way have ended. May be called from anywhere.

        A second call cancels those; a third ends their processes without asking the service.
        """
        if self._loop is None:
            self._stopping = True
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended, and this with it
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        number = len(self._running)
        if not self._stopping:
            self._stopping = True
            if number:
                self.logger.info("Waiting for %d runs to finish; Ctrl-C again cancels them", number)
        elif not self._cancelling:
            self._cancelling = True
            self.logger.info("Cancelling %d runs", number)
        else:
            for process in self._running.values():
                process.end()
        self._news.set()

    async def _take_runs(self, client: AsyncClient, once: bool) -> None:
        while not (self._stopping and not self._running):
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
                self._answered, self._retry = True, RETRY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)

    async def _look(self, client: AsyncClient, once: bool) -> float:
        """Claim what is due, and end what is to be cancelled. Returns when to look again."""
        if self._cancelling:
            for run_id in list(self._running):
                await client.perform(work.cancel_flow_run(run_id))
        room = 100 if self.limit is None else self.limit - len(self._running)
        if self._stopping:
            room = 0
        claims = await client.perform(work.claim_flow_runs(self._request(max(0, room))))
        for claimed in claims["runs"]:
            await self._start(client, claimed)
        for run_id in claims["cancelling"]:
            process = self._running.get(UUID(run_id))
            if process is not None:
                self.logger.info("Cancelling run %r", process.job.name)
                process.end()
        if once and len(claims["runs"]) < room:  # there is no more
            self._stopping = True
        if claims["nextDue"] is None or len(claims["runs"]) >= room:
            return LOOK
        due = datetime.datetime.fromisoformat(claims["nextDue"])
        wait = (due - datetime.datetime.now(datetime.UTC)).total_seconds()
        return min(max(wait, 0.0), LOOK)

    def _request(self, room: int) -> dict[str, Any]:
        return work.input_of(
            worker_id=str(self.id),
            worker_name=self.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            lease_seconds=LEASE,
            limit=room,
            work_pool_name=self.work_pool_name,
            work_queue_names=None if self.work_queue_names is None else list(self.work_queue_names),
            deployment_ids=[str(key) for key in self.deployment_ids],
            holding=[str(run_id) for run_id in self._running],
        )

    async def _start(self, client: AsyncClient, claimed: dict[str, Any]) -> None:
        job = Job.of(claimed)
        try:
            process = await RunProcess.start(job, _environment(claimed))
        except (OSError, ValueError) as error:  # names and values may be such as no process can get
            self.logger.error("Run %r cannot be started: %s", job.name, error)
            reason = f"The process of the flow run could not be started: {error}"
            await client.perform(work.conclude_flow_run(job.flow_run_id, job.epoch, reason))
            return
        self.logger.info("Started run %r in process %d", job.name, process.pid)
        self._running[job.flow_run_id] = process
        watching = asyncio.create_task(self._watch(client, process))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)

    async def _watch(self, client: AsyncClient, process: RunProcess) -> None:
        """See a run's process to its end; what it did not say itself is said for it."""
        code, job = await process.wait(), process.job
        if code != 0:
            reason = how_it_ended(code)
            self.logger.info("Run %r: %s", job.name, reason)
            asked = work.conclude_flow_run(job.flow_run_id, job.epoch, reason)
            await self._insist(lambda: client.perform(asked))
        # A run that was suspended and resumed at once may have another process already.
        if self._running.get(job.flow_run_id) is process:
            del self._running[job.flow_run_id]
        self._news.set()

    async def _insist(self, ask: Callable[[], Any]) -> None:
        """Ask until there is an answer: the service may be away for a while."""
        pause = RETRY
        while True:
            try:
                await ask()
                return
            except ServiceUnreachable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_MOST)
            except ServiceError as error:
                self.logger.error("%s", error)
                return

    async def _help(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work on the side; without it, runs still begin, but later."""
        try:
            await work
        except HeadraceException as error:
            self.logger.error("%s", error)

    async def _listen(self, client: AsyncClient) -> None:
        """Hear of runs as they come."""
        variables = {"after": None, "states": list(work.WAKING)}
        async with aclosing(client.subscribe(work.WAKE, variables)) as messages:
            async for _ in messages:
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


def _environment(claimed: dict[str, Any]) -> dict[str, str]:
    """The variables that a run's process gets, by its deployment's and its own job variables.

    Raises:
        ValueError: `env` is not such a mapping.
    """
    variables = {**claimed["deployment"]["jobVariables"], **claimed["jobVariables"]}
    given = variables.get("env") or {}
    if not isinstance(given, dict):
        raise ValueError("the job variable 'env' is no mapping of names to values")
    return {name: str(value) for name, value in given.items()}
