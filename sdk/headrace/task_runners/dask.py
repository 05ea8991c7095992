"""Submitted tasks on a Dask cluster: many machines, or processes of this one.

from headrace.task_runners import DaskTaskRunner

@flow(task_runner=DaskTaskRunner(cluster_kwargs={"n_workers": 4}))        # a cluster of its own
@flow(task_runner=DaskTaskRunner(address="tcp://scheduler.internal:8786"))  # one that is there

It needs the extra: `pip install "headrace[dask]"`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.context import get_environment
from headrace.engine.commands import Call
from headrace.exceptions import ProcessDied
from headrace.futures import HeadraceFuture
from headrace.settings import Settings, get_settings
from headrace.task_runners.base import TaskRunner
from headrace.task_runners.child import call_here
from headrace.task_runners.parcels import Packer, unpack_outcome
from headrace.threads import WorkerPool

try:
    import dask
    import distributed
except ImportError as error:
    raise ImportError(f'{error}; install it with: pip install "headrace[dask]"') from error

if TYPE_CHECKING:
    from typing import Self

    from headrace.engine.jobs import Job
    from headrace.engine.task_run import TaskRun

#: How many calls of a flow run are with the cluster at a time; it queues what it has no room for.
IN_FLIGHT = 256


class DaskTaskRunner(TaskRunner[HeadraceFuture[Any]]):
    """Runs submitted tasks on a Dask cluster.

    The cluster starts with the first task that a flow run submits, and ends with the flow run,
    unless it is one that was given. Arguments and results have to be picklable. A worker records
    to where its own settings, or this process's, say: on other machines that has to be a service.

    Args:
        cluster: a cluster object that is there already.
        address: the address of a scheduler that is there already.
        cluster_class: makes the cluster, or its import path; by default
            `distributed.LocalCluster`, processes of this machine.
        cluster_kwargs: what it is called with.
        adapt_kwargs: what the cluster's `adapt` is called with, for one that grows and shrinks.
        client_kwargs: what `distributed.Client` is called with.

    Raises:
        ValueError: more than one of them says where the cluster is.
    """

    def __init__(
        self,
        cluster: Any = None,
        address: str | None = None,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: Mapping[str, Any] | None = None,
        adapt_kwargs: Mapping[str, Any] | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if (address or cluster) and (cluster_class or cluster_kwargs or adapt_kwargs):
            raise ValueError(
                "Cannot specify `address` or `cluster` together with `cluster_class`, "
                "`cluster_kwargs` or `adapt_kwargs`"
            )
        if address and cluster:
            raise ValueError("Cannot specify both `address` and `cluster`")
        self._options: dict[str, Any] = {
            "cluster": cluster,
            "address": address,
            "cluster_class": cluster_class,
            "cluster_kwargs": dict(cluster_kwargs or {}),
            "adapt_kwargs": dict(adapt_kwargs or {}),
            "client_kwargs": dict(client_kwargs or {}),
        }

    def duplicate(self) -> Self:
        return type(self)(**self._options)

    def start(self, name: str) -> DaskPool:
        place = self._options["cluster"] or self._options["address"]
        if place is not None:
            return DaskPool(place, None, self._options["client_kwargs"], name)
        own = self._make_cluster()
        try:
            if self._options["adapt_kwargs"]:
                own.adapt(**self._options["adapt_kwargs"])
            return DaskPool(own, own, self._options["client_kwargs"], name)
        except BaseException:
            own.close()  # nobody else will
            raise

    def _make_cluster(self) -> Any:
        make = self._options["cluster_class"] or distributed.LocalCluster
        if isinstance(make, str):
            import importlib

            module, _, attribute = make.rpartition(".")
            make = getattr(importlib.import_module(module), attribute)
        # A worker's death is a matter for the task's own retries.
        with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
            return make(**self._options["cluster_kwargs"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DaskTaskRunner) and self._options == other._options

    __hash__ = None  # type: ignore[assignment]  # as with everything that compares by value


class DaskPool:
    """Threads that see to the lives of task runs, and a cluster that makes their calls.

    Args:
        place: the cluster, or the address of its scheduler.
        own: the cluster, if it ends with the pool.
        client_kwargs: for `distributed.Client`.
        name: what the threads are called after.
    """

    def __init__(
        self, place: Any, own: Any | None, client_kwargs: Mapping[str, Any], name: str
    ) -> None:
        self.process = os.getpid()
        self.packer = Packer()
        self._cluster = own
        self._client = distributed.Client(place, **{"set_as_default": False, **client_kwargs})
        self._threads = WorkerPool(IN_FLIGHT, name)
        self._calls: set[Any] = set()
        self._closed = False

    def submit(self, job: Job) -> None:
        job.run.remote = self._call
        self._threads.submit(job)

    def close(self, drop: bool = False) -> None:
        if self._closed:
            return
        self._closed = True
        if drop:
            self._client.cancel(list(self._calls), force=True)
        self._threads.close(drop)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def make(self, run: TaskRun) -> bytes:
        """Make the next call of a run on the cluster; what came of it, packed.

        Raises:
            UnpicklableArgument: it cannot be sent.
            ProcessDied: the worker, or the cluster, has ended instead.
        """
        content, settings = self.packer.pack(run), get_environment().settings
        key = f"{run.name}-{run.id}-{run.run_count}"
        try:
            call = self._client.submit(call_in_worker, content, settings, key=key, pure=False)
            self._calls.add(call)
            try:
                answer: bytes = call.result()
            finally:
                self._calls.discard(call)
        except (distributed.KilledWorker, distributed.CancelledError, OSError) as error:
            raise ProcessDied(f"the Dask worker that it ran on has ended: {error}") from None
        return answer

    def _call(self, run: TaskRun) -> DaskCall:
        return DaskCall(self, run)


class DaskCall(Call):
    """Call the user's function on a worker of `pool`."""

    __slots__ = ("_pool", "_run")

    def __init__(self, pool: DaskPool, run: TaskRun) -> None:
        super().__init__(run.task.function, run.args, run.kwargs, run.task.timeout_seconds)
        self._pool = pool
        self._run = run

    def perform(self) -> object:
        outcome = unpack_outcome(self._pool.make(self._run))
        self.expired = outcome.expired
        self._run.asset_metadata = outcome.asset_metadata
        return outcome.get()

    async def perform_async(self) -> object:
        return await asyncio.to_thread(self.perform)


# --- on the worker -----------------------------------------------------------------------------

_lock = threading.Lock()
_held = contextlib.ExitStack()


def call_in_worker(content: bytes, settings: Settings) -> bytes:
    """Make a call in this worker, and see what it has recorded safe before it counts as made."""
    with _lock:
        if get_settings() != settings:
            # For good: the worker serves one flow run after the other.
            _held.enter_context(get_settings.replace(settings))
        environment = get_environment()
    outcome = call_here(content, environment)
    environment.recorder.flush(settings.settle_timeout)
    return outcome
