"""Serving deployments: runs of them are executed from here, as long as this runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from headrace.client import work
from headrace.client.shared import ask
from headrace.deployments.runner import RunnerDeployment
from headrace.entrypoints import is_loading
from headrace.exceptions import InvalidOption, ServiceError, ServiceUnreachable
from headrace.logging import get_logger
from headrace.runner.host import Host
from headrace.utilities.asyncutils import dispatched

if TYPE_CHECKING:
    from headrace.flows import Flow


class Runner:
    """Serves deployments.

        runner = Runner(name="my-runner", limit=5)
        runner.add_flow(pipeline, name="daily", cron="0 8 * * *")
        await runner.start()

    Args:
        name: what it is called; by default "runner".
        limit: how many runs it executes at once; None for any number.
        pause_on_shutdown: whether schedules rest while nobody serves them.

    Raises:
        InvalidOption: (also a ValueError) `limit` is no number of runs.
    """

    def __init__(
        self,
        name: str | None = None,
        pause_on_shutdown: bool = True,
        limit: int | None = None,
        **_: Any,
    ) -> None:
        given: object = limit
        if given is not None and not (isinstance(given, int) and given >= 1):
            raise InvalidOption(f"limit={given!r} cannot be used: use 1 or more, or None")
        self.name = Path(name or "runner").stem  # a script may give its own
        self.pause_on_shutdown = pause_on_shutdown
        self.limit = limit
        self._deployment_ids: list[UUID] = []
        self._host: Host | None = None
        self._paused = False

    @dispatched
    async def add_deployment(self, deployment: RunnerDeployment) -> UUID:
        """Make a deployment known, and serve its runs. Returns its id."""
        deployment.work_pool_name = None
        if deployment.paused is None:  # it may rest since it was last served
            deployment.paused = False
        key: UUID = await deployment.apply.aio()
        self._deployment_ids.append(key)
        return key

    @dispatched
    async def add_flow(self, flow: Flow[..., Any], name: str | None = None, **options: Any) -> UUID:
        """Make a deployment of a flow, and serve its runs; options as of `Flow.to_deployment`."""
        made = RunnerDeployment.from_flow(flow, name or self.name, **options)
        key: UUID = await self.add_deployment.aio(made)
        return key

    async def start(self, run_once: bool = False, webserver: bool | None = None) -> None:
        """Execute runs until `stop`, Ctrl-C or SIGTERM.

        Args:
            run_once: execute what is due now, and return.
            webserver: has no effect; programs written for Prefect give it.
        """
        if is_loading("a Runner's start()"):
            return
        rest = self._pause_deployments if self.pause_on_shutdown else None
        serving = self._deployment_ids
        self._paused = False
        self._host = Host(self.name, limit=self.limit, deployment_ids=serving, rest=rest)
        try:
            await self._host.run(once=run_once)
        finally:
            if rest is not None:
                await rest()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take no more runs, and return from `start` when those under way have ended."""
        if self._host is not None:
            self._host.stop()

    async def _pause_deployments(self) -> None:
        """Let schedules rest, once: they would fire while the last runs are waited for."""
        if self._paused:
            return
        logger = get_logger("runner")
        logger.info("Pausing all deployments...")
        for key in self._deployment_ids:
            try:
                await ask(work.set_deployment_paused(key, True))
            except ServiceError as error:  # deleted since, for one
                logger.warning("%s", error)
            except ServiceUnreachable as error:
                logger.warning("Deployments go on firing, since they cannot be paused: %s", error)
                return  # it is tried once more when the last runs have ended
        self._paused = True
        logger.info("All deployments have been paused!")
