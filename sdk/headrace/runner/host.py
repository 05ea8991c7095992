"""What takes runs of deployments and executes each in a process: `serve`, and a worker."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import msgspec

from headrace.client import AsyncClient, work
from headrace.runner.jobs import Job
from headrace.runner.processes import RunProcess, how_it_ended
from headrace.runner.starting import Starter
from headrace.runner.taking import LOOK, Taker

#: Seconds until it looks again for runs that are due, and for which there is no place.
WAIT_FOR_PLACE = 1.0
#: The ends of runs whose process has died for which their flows may have hooks; and the seconds
#: that these may take.
HOOKED = ("CRASHED", "CANCELLED")
HOOKS = 60.0


class Host(Taker):
    """Takes runs until it is told to stop.

    Args:
        name: what it is called.
        limit: how many runs it executes at once; None for any number.
        work_pool_name: the pool whose runs it takes …
        work_queue_names: … of these queues only.
        deployment_ids: without a pool, the deployments that it serves.
        rest: what is to be done as soon as it is told to take no more runs.
    """

    def __init__(
        self,
        name: str,
        *,
        limit: int | None = None,
        work_pool_name: str | None = None,
        work_queue_names: Sequence[str] | None = None,
        deployment_ids: Sequence[UUID] = (),
        rest: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(name, limit, "runner" if work_pool_name is None else "worker")
        self.work_pool_name = work_pool_name
        self.work_queue_names = work_queue_names
        self.deployment_ids = deployment_ids
        self._rest = rest
        self._resting: asyncio.Future[None] | None = None
        self._running: dict[UUID, RunProcess] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._starter = Starter()

    async def run(self, *, once: bool = False) -> None:
        """Take runs until `stop`; see `Taker.run`. When this is cancelled, its processes end."""
        async with self._starter:
            try:
                await super().run(once=once)
            finally:
                await self._abandon()
                if self._resting is not None:
                    await self._resting

    @property
    def _under_way(self) -> int:
        return len(self._running)

    def _stop(self) -> None:
        if self._rest is not None and not self._stopping:
            self._resting = asyncio.ensure_future(self._rest())
        super()._stop()

    async def _claim(self, client: AsyncClient, room: int) -> tuple[int, float]:
        asked = work.input_of(
            **self._about(room),
            capacity=self.limit,
            work_pool_name=self.work_pool_name,
            work_queue_names=None if self.work_queue_names is None else list(self.work_queue_names),
            deployment_ids=[str(key) for key in self.deployment_ids],
            holding=[str(run_id) for run_id in self._running],
            running=[str(run_id) for run_id, one in self._running.items() if one.is_running()],
        )
        claims = await client.perform(work.claim_flow_runs(asked))
        for claimed in claims["runs"]:
            await self._start(client, claimed)
        for run_id in claims["cancelling"]:
            process = self._running.get(UUID(run_id))
            if process is not None and not process.is_ending:
                self.logger.info("Ending run %r: it was cancelled or suspended", process.job.name)
                process.end()
        if claims["nextDue"] is None:
            return len(claims["runs"]), LOOK
        due = datetime.datetime.fromisoformat(claims["nextDue"])
        wait = (due - datetime.datetime.now(datetime.UTC)).total_seconds()
        # What is due and was not given waits for a place, and nobody tells when there is one.
        return len(claims["runs"]), wait if wait > 0 else WAIT_FOR_PLACE

    def _helpers(self, client: AsyncClient) -> list[Coroutine[Any, Any, None]]:
        return [*super()._helpers(client), self._look_at_pool(client)]

    async def _look_at_pool(self, client: AsyncClient) -> None:
        """Say what may be a mistake: queues that are not there, and another worker of this name."""
        name = self.work_pool_name
        if name is None:
            return
        pool = await self._insist(lambda: client.perform(work.work_pool(name)))
        if pool is None:
            return
        for worker in pool["workers"]:
            if worker["online"] and worker["name"] == self.name and worker["id"] != str(self.id):
                self.logger.warning(
                    "Another worker of pool %r is called %r, too (process %d on %s): both take its "
                    "runs; --name tells them apart",
                    *(name, self.name, worker["pid"], worker["host"]),
                )
        there = [queue["name"] for queue in pool["queues"]]
        for queue in self.work_queue_names or ():
            if queue not in there:
                self.logger.warning(
                    "Work pool %r has no queue %r yet; `headrace work-queue create %s --pool %s` "
                    "creates it",
                    *(name, queue, queue, name),
                )

    async def _cancel(self, client: AsyncClient) -> None:
        for run_id in list(self._running):
            await client.perform(work.cancel_flow_run(run_id))

    def _end(self) -> None:
        for process in self._running.values():
            process.end()

    async def _abandon(self) -> None:
        """End the processes that there are still; nobody here says what became of their runs."""
        for task in self._watching:
            task.cancel()
        self._end()
        await asyncio.gather(*(one.wait() for one in self._running.values()))

    def _wake(self) -> tuple[str, dict[str, Any]]:
        return work.WAKE, {"after": None, "states": list(work.WAKING)}

    async def _start(self, client: AsyncClient, claimed: dict[str, Any]) -> None:
        job = Job.of(claimed)
        try:
            process = await self._starter.start(job, _environment(claimed))
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
            concluded = await self._insist(lambda: client.perform(asked))
            if concluded and concluded["isNews"] and concluded["state"] in HOOKED:
                await self._call_hooks(process)
        # A run that was suspended and resumed at once may have another process already.
        if self._running.get(job.flow_run_id) is process:
            del self._running[job.flow_run_id]
        self._news.set()

    async def _call_hooks(self, process: RunProcess) -> None:
        """Let a process of their own call the hooks of a run whose process could not."""
        job = msgspec.structs.replace(process.job, is_over=True)
        try:
            hooks = await self._starter.start(job, process.environment)
        except (OSError, ValueError) as error:
            self.logger.error("Hooks of run %r cannot be called: %s", job.name, error)
            return
        try:
            await asyncio.wait_for(hooks.wait(), HOOKS)
        except TimeoutError:
            self.logger.error("Hooks of run %r take more than %g s", job.name, HOOKS)
            hooks.end()


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
