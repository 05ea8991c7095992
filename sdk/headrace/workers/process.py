"""The worker that executes each run in a process of its own on its machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from headrace.runner.host import Host


class ProcessWorker:
    """Executes the runs of a work pool.

    Args:
        work_pool_name: the pool, which exists.
        work_queues: only runs of these queues; by default of all.
        name: what it is called; by default by its machine and process.
        limit: how many runs it executes at once; None for any number.
    """

    type = "process"

    def __init__(
        self,
        work_pool_name: str,
        work_queues: Sequence[str] | None = None,
        name: str | None = None,
        limit: int | None = None,
    ) -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        self._host = Host(
            self.name, limit=limit, work_pool_name=work_pool_name, work_queue_names=work_queues
        )

    async def start(self, run_once: bool = False) -> None:
        """Execute runs until `stop`, Ctrl-C or SIGTERM.

        Args:
            run_once: execute what is due now, and return.

        Raises:
            ServiceError: there is no such pool; the message names the command that creates it.
        """
        await self._host.run(once=run_once)

    def stop(self) -> None:
        """Take no more runs, and return from `start` when those under way have ended."""
        self._host.stop()
