"""Pools that run submitted tasks, of a flow run or of the process, and what a fork makes of them.

A forked child has none of its parent's threads. What it submits runs in threads of its own, and
what it inherits, runs and futures, is its parent's to bring to an end.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

from headrace.context import CURRENT_RUN, LiveFlowRun, LiveTaskRun
from headrace.exceptions import MissingResult
from headrace.futures import HeadraceFuture
from headrace.settings import get_settings
from headrace.states import Crashed
from headrace.threads import WorkerPool

if TYPE_CHECKING:
    from headrace.engine.jobs import Job
    from headrace.task_runners import TaskRunner

Pending = dict[HeadraceFuture[Any], None]


class Pool(Protocol):
    """What runs the submitted tasks of a flow run; made by its task runner's `start`.

    Attributes:
        process: the id of the process that made the pool; a forked child cannot use it.
    """

    process: int

    def submit(self, job: Job) -> None:
        """Run `job` once there is room, and settle it; does not wait.

        Raises:
            RuntimeError: the system has no thread for it.
        """

    def close(self, drop: bool = False) -> None:
        """Nothing more will be submitted; `drop` forgets jobs that have not started."""


def pending_of(flow_run: LiveFlowRun | None) -> Pending:
    """Where a submitted task's future stands until it has ended, so that somebody waits for it."""
    return _loose if flow_run is None else flow_run.pending


def pool_of(flow_run: LiveFlowRun | None) -> Pool:
    """What runs the tasks of a flow run, or those submitted outside of every flow."""
    global _loose_pool
    with _lock:
        if pending_of(flow_run) is _loose:
            _wait_at_exit()
        pool = _loose_pool if flow_run is None else flow_run.pool
        if pool is not None and pool.process == os.getpid():
            return pool
        if flow_run is None:
            pool = _loose_pool = WorkerPool(get_settings().task_runner_max_workers, "headrace")
        else:
            pool = flow_run.pool = flow_run.flow.task_runner.start(flow_run.name)
        return pool


def own_runner_of(flow_run: LiveFlowRun) -> TaskRunner[Any]:
    """The started task runner of a flow run whose flow has one with methods of its own."""
    with _lock:
        if flow_run.runner is None:
            runner = flow_run.flow.task_runner.duplicate()
            flow_run.runner = runner.__enter__()
        return flow_run.runner


def close_pool(flow_run: LiveFlowRun, drop: bool = False) -> None:
    """The flow run submits nothing more; `drop` forgets what has not started."""
    if flow_run.pool is not None:
        flow_run.pool.close(drop)
    runner, flow_run.runner = flow_run.runner, None
    if runner is not None:
        if drop:
            runner.cancel_all()
        runner.__exit__(None, None, None)


def _wait_at_exit() -> None:
    """Let the process not end before the tasks that no flow run waits for. The lock is held."""
    global _waiting_process
    if _waiting_process == os.getpid():
        return
    _waiting_process = os.getpid()
    # Called before the recorder's own farewell, which was registered earlier.
    atexit.register(_wait_for_loose)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        # Its processes end without `atexit`; the recorder's finalizer has priority 0.
        util.Finalize(None, _wait_for_loose, exitpriority=10)


def _wait_for_loose() -> None:
    # A task that runs may submit others.
    while futures := list(_loose):
        for future in futures:
            future.ends_within(None)


def _after_fork_in_child() -> None:
    global _loose, _lock
    _lock = threading.Lock()
    inherited, _loose = [_loose], {}
    run = CURRENT_RUN.get()
    while run is not None:
        run.closed = True
        if isinstance(run, LiveTaskRun):
            run = run.flow_run
        else:
            inherited.append(run.pending)
            # Nobody is left to see to the end of this flow run but the end of the process.
            run.pending = _loose
            run.living = {}
            run = run.parent_task_run or run.parent
    for future in (future for pending in inherited for future in pending):
        reason = f"task run '{future.name}' runs in the process that this one was forked from"
        future.orphan(Crashed(reason, data=MissingResult(reason)))


#: Futures that have not ended of tasks submitted outside of every flow, and their threads.
_loose: Pending = {}
_loose_pool: Pool | None = None
_lock = threading.Lock()
_waiting_process: int | None = None

os.register_at_fork(after_in_child=_after_fork_in_child)
