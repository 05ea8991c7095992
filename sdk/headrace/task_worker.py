"""Task workers: they execute the background runs of tasks, as long as they run.

@task
def send_email(address: str) -> None: ...

send_email.delay("marvin@example.org")   # in a web request, say

if __name__ == "__main__":
    serve(send_email)                    # in a process that stays
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import contextvars
import datetime
import logging
import os
import socket
import threading
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from headrace.client import AsyncClient, background, work
from headrace.clipping import clip
from headrace.context import current_clock
from headrace.distributed import HeadraceDistributedFuture
from headrace.engine.jobs import run_here
from headrace.entrypoints import is_loading
from headrace.futures import when_all_done
from headrace.logging import log_line
from headrace.recorder import Settled, get_recorder, settle
from headrace.records import LogLine, StateChange, StateType, TaskClaim, TaskRunChanged
from headrace.runner.taking import LOOK, Taker
from headrace.states import Crashed
from headrace.task_runners.background import delayed_run
from headrace.text import describe_error
from headrace.threads import Interrupted, WorkerPool, interrupt
from headrace.utilities.asyncutils import async_dispatch

if TYPE_CHECKING:
    from headrace.engine.task_run import TaskRun
    from headrace.tasks import Task

#: Threads of a worker without a limit.
UNLIMITED = 1_000_000
#: Characters of arguments from which on a claim may have left more to the next one, for its size.
LARGE = 1024 * 1024
#: Why a run crashed that was the worker's when it was stopped for the second time.
STOPPED = "Task run did not end by itself: its task worker was stopped"


class TaskWorker(Taker):
    """Executes background runs of tasks, in threads of this process.

    Args:
        tasks: the tasks that it serves; their results are kept, so that others can read them.
        limit: how many runs it executes at once; None for any number.

    Raises:
        ValueError: there is no task to serve, or `limit` is less than 1.
    """

    def __init__(self, *tasks: Task[..., Any], limit: int | None = 10) -> None:
        if limit is not None and limit < 1:
            raise ValueError(f"limit={limit} cannot be used: use 1 or more, or None")
        served = [each for each in tasks if hasattr(each, "task_key")]
        if not served:
            raise ValueError("there is no task to serve: give at least one")
        super().__init__(f"{socket.gethostname()}-{os.getpid()}", limit, "task_worker")
        self.tasks = [_kept(each) for each in served]
        self._by_key = {one.task_key: kept for one, kept in zip(served, self.tasks, strict=True)}
        self.task_keys = set(self._by_key)
        self._started_at: datetime.datetime | None = None
        self._context = contextvars.copy_context()
        self._threads = WorkerPool(limit or UNLIMITED, "headrace-task-worker")
        #: The runs that it has; those that wait for others take no place from those that could run.
        self._runs: dict[UUID, TaskRun | None] = {}
        self._waiting: set[UUID] = set()
        #: The threads that execute them.
        self._executing: dict[UUID, int] = {}
        #: Those of which it asks whether they may begin, with what it was told of them.
        self._asking: dict[TaskClaim, dict[str, Any]] = {}
        #: Those that may begin, and wait for a thread, with the same.
        self._begun: dict[UUID, dict[str, Any]] = {}
        self._asks = asyncio.Event()
        #: Whether none begins any more.
        self._refuses = False
        #: Whether there may be more runs than it had room for: an end is then a reason to look.
        self._is_full = False
        self._told = time.monotonic()

    @property
    def client_id(self) -> str:
        """What the worker is called: by its machine and process."""
        return self.name

    @property
    def started_at(self) -> datetime.datetime | None:
        """When it began to take runs; None while it does not."""
        return self._started_at

    @property
    def started(self) -> bool:
        """Whether it takes runs."""
        return self._started_at is not None

    @property
    def current_tasks(self) -> int:
        """How many runs it executes now."""
        return len(self._runs) - len(self._waiting)

    @property
    def available_tasks(self) -> int | None:
        """How many more it may execute; None for any number."""
        return None if self.limit is None else self.limit - self.current_tasks

    async def astart(self, timeout: float | None = None) -> None:
        """Execute runs until `stop`, Ctrl-C or SIGTERM; then wait for those that are under way.

        Args:
            timeout: seconds after which it takes no more runs; None for no such time.

        Raises:
            SetupError: there is no service or ledger to take runs from; the message says why.
        """
        await asyncio.to_thread(get_recorder)  # the first contact, which may take a while
        self._started_at = datetime.datetime.now(datetime.UTC)
        names = " | ".join(sorted(task.name for task in self.tasks))
        self.logger.info("Starting task worker...")
        self.logger.info("Subscribing to runs of task(s): %s", names)
        ending = None
        if timeout is not None:
            ending = asyncio.get_running_loop().call_later(timeout, self._stop_once)
        try:
            await self.run()
        finally:
            self._started_at = None
            if ending is not None:
                ending.cancel()
            self._threads.close()
        self.logger.info("Task worker stopped.")

    @async_dispatch(astart)
    def start(self, timeout: float | None = None) -> None:
        """The same in synchronous code; in asynchronous code it is awaited."""
        asyncio.run(self.astart(timeout))

    def _stop_once(self) -> None:
        if not self._stopping:
            self.stop()

    @property
    def _under_way(self) -> int:
        return self.current_tasks

    def _wake(self) -> tuple[str, dict[str, Any]]:
        return background.FOLLOW, {"after": None, "ids": None, "states": ["SCHEDULED"]}

    async def _claim(self, client: AsyncClient, room: int) -> tuple[int, float]:
        asked = work.input_of(
            **self._about(room), task_keys=sorted(self.task_keys), holding=await self._holding()
        )
        claims = await client.perform(background.claim_task_runs(asked))
        for claimed in claims["runs"]:
            run_id = UUID(claimed["taskRunId"])
            self._runs[run_id] = None
            self._take(run_id, claimed)
        for run_id in map(UUID, claims["lost"]):
            self._drop(run_id)
        size = sum(len(claimed["arguments"]) for claimed in claims["runs"])
        self._is_full = len(claims["runs"]) >= room or size > LARGE
        if not self._stopping and self._wants_more():  # some have ended while it asked
            self._news.set()
        return len(claims["runs"]), LOOK

    async def _holding(self) -> list[str] | None:
        """The runs that it has, now and then: an answer that is lost is a matter for the next look.

        What has ended here before is recorded first, or it would seem not to have begun, and be
        given to somebody once more. When it cannot be, nothing is told.
        """
        now = time.monotonic()
        if now < self._told + LOOK:
            return None
        self._told = now
        holding = [str(run_id) for run_id in list(self._runs)]
        return holding if await self._settled() else None

    def _helpers(self, client: AsyncClient) -> list[Coroutine[Any, Any, None]]:
        return [*super()._helpers(client), self._let_begin(client)]

    async def _let_begin(self, client: AsyncClient) -> None:
        """Ask for the runs that are about to be executed, many at once, for as long as this runs.

        One may have been given back meanwhile: by a reaper that has not heard of us, for one.
        """
        try:
            while True:
                await self._asks.wait()
                self._asks.clear()
                if asking := dict(self._asking):
                    begun: set[UUID] = set()
                    try:
                        begun = await self._begin(client, list(asking))
                    except asyncio.CancelledError:  # no answer comes: they may have begun
                        for claim, claimed in asking.items():
                            _end_unbegun(claim.task_run_id, claimed, StateType.CRASHED, STOPPED)
                        raise
                    finally:
                        get_recorder().let_go({claim.task_run_id for claim in asking} - begun)
                    for claim, claimed in asking.items():
                        self._answer(claim, claimed, claim.task_run_id in begun)
        finally:
            self._refuse()

    async def _begin(self, client: AsyncClient, claims: list[TaskClaim]) -> set[UUID]:
        """Those of the runs that are given to this process, which lives for as long as they do."""
        recorder = get_recorder()
        process = msgspec.to_builtins(recorder.hold([claim.task_run_id for claim in claims]))
        runs = [{"id": str(claim.task_run_id), "epoch": claim.epoch} for claim in claims]
        wanted = work.input_of(client_id=str(recorder.client_id), runs=runs, **process)
        asked = background.begin_task_runs(wanted)
        answer = await self._insist(lambda: client.perform(asked))
        return set() if answer is None else set(map(UUID, answer["runIds"]))

    def _ask(self, run_id: UUID, claimed: dict[str, Any]) -> None:
        """Execute a run as soon as it is known to be this worker's still."""
        self._asking[TaskClaim(run_id, claimed["epoch"])] = claimed
        self._asks.set()
        if self._refuses:
            self._refuse()

    def _answer(self, claim: TaskClaim, claimed: dict[str, Any], may_begin: bool) -> None:
        run_id, awaited = claim.task_run_id, self._asking.pop(claim, None) is not None
        if may_begin and awaited and run_id in self._runs:
            self._begun[run_id] = claimed
            self._submit(self._execute, run_id, claimed)
            return
        if may_begin:  # it has been ended here meanwhile
            _end_unbegun(run_id, claimed, StateType.CRASHED, STOPPED)
        elif awaited and not self._refuses:
            self.logger.warning("Run %r may not begin here", claimed["name"])
        if awaited:
            self._forget(run_id)

    def _refuse(self) -> None:
        """Let none begin any more: nobody would answer."""
        self._refuses = True
        for claim, claimed in list(self._asking.items()):
            self._answer(claim, claimed, False)

    def _drop(self, run_id: UUID) -> None:
        """A run is not this worker's any more, which was silent for too long: let it end here.

        Code of the run that cannot be interrupted now may be when the next look tells of it again.
        """
        ident = self._executing.get(run_id)
        if ident is not None and interrupt(ident, Interrupted):
            run = self._runs.get(run_id)
            self.logger.error(
                "Run %r was ended while this worker was not heard of: it ends here, too",
                run_id if run is None else run.name,
            )

    async def _settled(self) -> bool:
        """Whether the ledger knows all that was recorded here; it is given some time."""
        return await asyncio.to_thread(settle) is Settled.ACKNOWLEDGED

    async def _cancel(self, client: AsyncClient) -> None:
        self._end()

    def _end(self) -> None:
        self._refuse()
        self._threads.close(drop=True)
        for run in list(self._runs.values()):  # the threads take out those that end
            if run is not None and not run.closed:
                run.crash(Crashed(STOPPED))
        for run_id, claimed in list(self._begun.items()):  # no thread has come to them
            _end_unbegun(run_id, claimed, StateType.CRASHED, STOPPED)
        self._begun.clear()
        self._runs.clear()
        self._waiting.clear()

    async def _leave(self, client: AsyncClient) -> None:
        # What has begun here is to be known before what has not is given back.
        if await self._settled():
            await super()._leave(client)

    def _submit(self, step: Any, *given: Any) -> None:
        """Take a step in one of the threads."""
        self._threads.submit(lambda: self._context.copy().run(step, *given))

    def _in_loop(self, step: Any, *given: Any) -> None:
        """Take a step in the event loop, unless it has ended, and this with it."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(step, *given)

    def _take(self, run_id: UUID, claimed: dict[str, Any]) -> None:
        """Begin a run once what it needs is there."""
        self.logger.info("Received task run: %s - %s", run_id, claimed["name"])
        awaited = [HeadraceDistributedFuture[Any](UUID(key)) for key in claimed["awaits"]]
        if not awaited:
            self._ask(run_id, claimed)
            return
        self._waiting.add(run_id)
        when_all_done(awaited, lambda: self._in_loop(self._resume, run_id, claimed))

    def _resume(self, run_id: UUID, claimed: dict[str, Any]) -> None:
        if self._stopping:  # it has not begun, and is given back
            self._forget(run_id)
        else:
            self._waiting.discard(run_id)
            self._ask(run_id, claimed)

    def _execute(self, run_id: UUID, claimed: dict[str, Any]) -> None:
        try:
            if (run := self._opened(run_id, claimed)) is not None:
                self._run(run)
        finally:
            self._forget(run_id)

    def _opened(self, run_id: UUID, claimed: dict[str, Any]) -> TaskRun | None:
        """The run, which has begun; None when it failed, since nobody can have its arguments."""
        try:
            run = delayed_run(
                self._by_key[claimed["taskKey"]],
                base64.b64decode(claimed["arguments"]),
                run_id=run_id,
                name=claimed["name"],
                epoch=claimed["epoch"],
                run_count=claimed["runCount"],
                tags=claimed["tags"],
            )
        except Exception as error:  # unpickling runs the code of any class
            reason = f"The task run could not begin: {describe_error(error)}"
            _end_unbegun(run_id, claimed, StateType.FAILED, reason)
            return None
        self._runs[run_id] = run
        self._begun.pop(run_id, None)
        return run

    def _run(self, run: TaskRun) -> None:
        self._executing[run.id] = threading.get_ident()
        try:
            run_here(run)
        except BaseException as error:  # it is recorded, and meant for no more than the run
            log_line(run, logging.ERROR, describe_error(error), current_clock().now())
        finally:
            self._executing.pop(run.id, None)

    def _forget(self, run_id: UUID) -> None:
        self._runs.pop(run_id, None)
        self._begun.pop(run_id, None)
        self._waiting.discard(run_id)
        self._in_loop(self._note_end)

    def _note_end(self) -> None:
        """A run has ended: look for another one if some may wait, and whether all have ended."""
        if self._stopping or self._wants_more():
            self._news.set()

    def _wants_more(self) -> bool:
        """Whether there may be runs that wait, and there is a place for one."""
        return self._is_full and (self.limit is None or self.current_tasks < self.limit)


def _kept(task: Task[..., Any]) -> Task[..., Any]:
    """The task with its results kept, under a key of each run's own if it caches nothing."""
    from headrace.cache_policies import DEFAULT, NO_CACHE

    if task.cache_policy in (None, NO_CACHE) and task.result_storage_key is None:
        return task.with_options(persist_result=True, cache_policy=DEFAULT)
    return task.with_options(persist_result=True)


def _end_unbegun(run_id: UUID, claimed: dict[str, Any], kind: StateType, reason: str) -> None:
    """Say in the place of a run, which has not even begun, how it ended."""
    recorder, now, message = get_recorder(), current_clock().now(), clip(reason)
    recorder.record(LogLine(now, logging.ERROR, "headrace.task_worker", message, None, run_id))
    state = StateChange(kind, kind.capitalize(), now, message, claimed["runCount"])
    recorder.record(TaskRunChanged(run_id, state, claimed["epoch"]))


async def aserve(
    *tasks: Task[..., Any], limit: int | None = 10, timeout: float | None = None
) -> None:
    """`serve`, always to be awaited."""
    if is_loading("serve()"):
        return
    await TaskWorker(*tasks, limit=limit).astart(timeout)


@async_dispatch(aserve)
def serve(*tasks: Task[..., Any], limit: int | None = 10, timeout: float | None = None) -> None:
    """Execute background runs of tasks until Ctrl-C, in threads of this process.

        serve(send_email, resize)

    The first Ctrl-C, or SIGTERM, takes no more runs and waits for those under way; the second ends
    them as CRASHED. Any number of processes may serve the same tasks and share their runs.

    Args:
        tasks: the tasks.
        limit: how many runs may be under way at once; None for any number.
        timeout: seconds after which no more runs are taken; None for no such time.

    Raises:
        ValueError: there is no task to serve, or `limit` is less than 1.
        SetupError: there is no service or ledger to take runs from; the message says why.
    """
    asyncio.run(aserve(*tasks, limit=limit, timeout=timeout))
