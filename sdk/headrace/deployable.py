"""What a flow can do besides being called: be served, deployed, and found elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from headrace.exceptions import InvalidOption
from headrace.utilities.asyncutils import dispatched

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self
    from uuid import UUID

    from headrace.deployments.runner import Intervals, RunnerDeployment, Texts

#: What is an address, such as `https://…`, `s3://…` and `git@host:…`.
_REMOTE = re.compile(r"[A-Za-z][\w+.-]+://|[\w.-]+@[\w.-]+:")


class Source(NamedTuple):
    """Where a flow's code stands: an entrypoint, seen from a folder."""

    folder: Path
    entrypoint: str


class Deployable:
    """The part of `Flow` that is about deployments."""

    #: Where its code stands, when it was loaded from there by `from_source`.
    source: Source | None = None

    @dispatched
    async def to_deployment(
        self,
        name: str,
        interval: Intervals | None = None,
        cron: Texts | None = None,
        rrule: Texts | None = None,
        paused: bool | None = None,
        schedule: Any = None,
        schedules: Iterable[Any] | None = None,
        concurrency_limit: Any = None,
        parameters: Mapping[str, Any] | None = None,
        triggers: Iterable[Any] | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        version: str | None = None,
        version_type: object = None,
        enforce_parameter_schema: bool = True,
        work_pool_name: str | None = None,
        work_queue_name: str | None = None,
        job_variables: Mapping[str, Any] | None = None,
        entrypoint_type: object = None,
        timezone: str | None = None,
    ) -> RunnerDeployment:
        """Describe a deployment of this flow, to be given to `serve` or `deploy`.

        Args:
            name: its name; together with the flow's it is unique.
            interval, cron, rrule: when it runs by itself: seconds or a duration from one run to
                the next, a cron line, or a recurrence rule; or several of one kind.
            timezone: the zone whose clocks count for them, such as "Europe/Berlin"; by default UTC.
            schedule, schedules: instead, what `headrace.schedules` makes.
            paused: whether its schedules rest; None leaves that as it is.
            concurrency_limit: how many of its runs may be under way at once.
            parameters: its runs' arguments, where nobody gives others.
            description, tags, version: of the deployment; by default the flow's description and
                version.
            enforce_parameter_schema: whether arguments are checked when a run is asked for.
            work_pool_name, work_queue_name: where its runs wait for a worker.
            job_variables: what its runs tell the worker: `{"env": {"NAME": "value"}}`.
            triggers: what its runs are asked for besides: `DeploymentEventTrigger` and so on.
            version_type, entrypoint_type: have no effect; programs written for Prefect give them.

        Raises:
            ValueError: a schedule makes no sense, or more than one way is used to give them.
        """
        from headrace.deployments.runner import RunnerDeployment  # loads pydantic

        return RunnerDeployment.from_flow(
            cast(Any, self),
            name,
            interval=interval,
            cron=cron,
            rrule=rrule,
            timezone=timezone,
            schedule=schedule,
            schedules=schedules,
            concurrency_limit=concurrency_limit,
            parameters=parameters,
            description=description,
            version=version,
            tags=tags,
            job_variables=job_variables,
            paused=paused,
            triggers=list(triggers or ()),
            enforce_parameter_schema=enforce_parameter_schema,
            work_pool_name=work_pool_name,
            work_queue_name=work_queue_name,
        )

    def serve(
        self,
        name: str | None = None,
        interval: Intervals | None = None,
        cron: Texts | None = None,
        rrule: Texts | None = None,
        paused: bool | None = None,
        *,
        global_limit: Any = None,
        pause_on_shutdown: bool = True,
        print_starting_message: bool = True,
        limit: int | None = None,
        webserver: bool = False,
        **options: Any,
    ) -> None:
        """Serve a deployment of this flow until Ctrl-C: run it when it is due or asked for.

            pipeline.serve(name="daily", cron="0 8 * * *", timezone="Europe/Berlin")

        Each run has a process of its own. The first Ctrl-C takes no more runs and waits for those
        under way; the second cancels them.

        Args:
            name: the deployment's name; by default the flow's.
            limit: how many runs may be under way at once; None for any number.
            global_limit: the deployment's concurrency limit.
            pause_on_shutdown: whether schedules rest while nobody serves them.
            print_starting_message: whether to say what is served.
            webserver: has no effect; programs written for Prefect give it.
            interval, cron, rrule, paused, options: as of `to_deployment`.

        Raises:
            ValueError: a schedule makes no sense.
            DeploymentApplyError: the deployment cannot be as it is described.
        """
        from pathlib import Path  # slow to load

        from headrace.serving import serve_flow  # loads pydantic, and much else

        own: str = getattr(self, "name", "")
        deployment = self.to_deployment(
            # A script may give its own path.
            Path(name).stem if name and Path(name).is_file() else name or own,
            interval,
            cron,
            rrule,
            paused,
            concurrency_limit=global_limit,
            _sync=True,
            **options,
        )
        serve_flow(
            deployment,
            pause_on_shutdown=pause_on_shutdown,
            print_starting_message=print_starting_message,
            limit=limit,
        )

    @dispatched
    async def deploy(
        self,
        name: str,
        work_pool_name: str | None = None,
        image: object = None,
        build: bool = True,
        push: bool = True,
        work_queue_name: str | None = None,
        job_variables: Mapping[str, Any] | None = None,
        *,
        entrypoint: str | None = None,
        print_next_steps: bool = True,
        ignore_warnings: bool = False,
        **options: Any,
    ) -> UUID:
        """Make a deployment of this flow known to a work pool, whose workers execute its runs.

            pipeline.deploy(name="prod", work_pool_name="my-pool", cron="0 6 * * *")

        The flow's code travels by value, with the functions of its script and of modules that are
        no installed packages; workers need the same version of Python, and the packages it uses.

        Args:
            name: the deployment's name.
            work_pool_name: the pool, which exists; see `headrace work-pool create`.
            work_queue_name: a queue of the pool; created if need be.
            job_variables: what its runs tell the worker: `{"env": {"NAME": "value"}}`.
            entrypoint: `path/to/file.py:flow`, relative to this folder, or `package.module.flow`:
                then the code does not travel, and has to be there where workers are.
            options: as of `to_deployment`.
            print_next_steps: whether to print, besides what became of it, how its runs are asked
                for and come to be executed.
            image, build, push: have no effect, since no image is needed.
            ignore_warnings: whether to log no warning that an image has no effect.

        Returns:
            The deployment's id.

        Raises:
            ValueError: no pool is named, or a schedule makes no sense.
            UnknownWorkPool: (also a ValueError) there is no such pool.
            DeploymentApplyError: the deployment cannot be as it is described.
            BundleError: something that the flow uses cannot travel; the message names it.
        """
        from headrace.deployments.runner import by_value, deploy, has_workers

        if not work_pool_name:
            raise ValueError(
                "No work pool name provided. Please provide a `work_pool_name`; "
                "`headrace work-pool create --type process NAME` creates a pool."
            )
        deployment = by_value(
            await self.to_deployment.aio(
                name,
                work_pool_name=work_pool_name,
                work_queue_name=work_queue_name,
                job_variables=job_variables,
                **options,
            )
        )
        if entrypoint is not None:
            deployment.entrypoint = entrypoint
        (key,) = await deploy.aio(
            deployment,
            work_pool_name=work_pool_name,
            image=image,
            print_next_steps_message=False,
            ignore_warnings=ignore_warnings,
        )
        if print_next_steps:
            from headrace.deployments import summary

            there = await has_workers(work_pool_name)
            summary.print_next_steps(deployment.full_name, work_pool_name, there)
        return key

    @classmethod
    def from_source(cls, source: str | Path, entrypoint: str) -> Self:
        """The flow that stands in a folder, to be deployed from there.

        Args:
            source: the folder.
            entrypoint: `path/to/file.py:flow` within it, or `package.module.flow`.

        Raises:
            InvalidOption: the source is no folder, but something to be cloned or downloaded.
            MissingFlowError: there is no flow there.
        """
        from pathlib import Path  # slow to load

        from headrace.entrypoints import load_flow

        if _REMOTE.match(str(source)):
            raise InvalidOption(
                f"from_source: {str(source)!r} is no folder, and headrace clones and downloads no "
                "code; clone it and give the folder, or import the flow and deploy it: "
                "flow.deploy(...) sends its code along"
            )
        folder = Path(source).expanduser().absolute()
        flow = cast("Self", load_flow(entrypoint, folder))
        flow.source = Source(folder, entrypoint)
        return flow
