"""A deployment as it is described in Python, and how it gets known."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
)

from headrace.bundles import make_bundle
from headrace.client import automated, work
from headrace.client.schemas.deployment_schedules import DeploymentScheduleCreate
from headrace.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyOptions,
    FlowControl,
)
from headrace.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from headrace.client.shared import ask
from headrace.deployments.foresight import ended, misfits, without_effect
from headrace.deployments.refusals import in_few_words
from headrace.entrypoints import entrypoint_of
from headrace.events.schemas.automations import TriggerTypes
from headrace.events.schemas.deployment_triggers import DeploymentTriggerTypes
from headrace.exceptions import ServiceError
from headrace.logging import ensure_logging, get_logger
from headrace.options import checked_deployment_name
from headrace.parameters import sent
from headrace.schedules import as_interval, as_schedule
from headrace.settings import get_settings
from headrace.utilities.asyncutils import Dispatched, dispatched

if TYPE_CHECKING:
    from headrace.flows import Flow

#: What may be given as schedules: one or several of each kind.
Intervals = Iterable[datetime.timedelta | float] | datetime.timedelta | float
Texts = Iterable[str] | str


class DeploymentApplyError(RuntimeError):
    """A deployment is not as it was asked for; the message tells why."""


class UnknownWorkPool(DeploymentApplyError, ValueError):
    """There is no work pool of the name that was given."""


class RunnerDeployment(BaseModel):
    """A deployment of a flow; made by `flow.to_deployment(...)`, and known once it is applied.

    Attributes:
        name, flow_name: its name and its flow's; `full_name` is both.
        schedules: when it runs by itself.
        parameters: its runs' arguments, where nobody gives others.
        paused: whether its schedules rest; None leaves that as it is.
        entrypoint: where its flow is found; None where its code travels by value.
        enforce_parameter_schema: whether arguments are checked when a run is asked for.
        work_pool_name, work_queue_name: where its runs wait; without them, it is served.
        job_variables: what its runs tell the worker, such as `{"env": {…}}`.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True, validate_assignment=True, ignored_types=(Dispatched,)
    )

    name: str
    flow_name: str | None = None
    description: str | None = None
    version: str | None = None
    tags: list[str] = Field(default_factory=list)
    schedules: list[DeploymentScheduleCreate] | None = None
    concurrency_limit: int | None = None
    concurrency_options: Any = None
    paused: bool | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    entrypoint: str | None = None
    triggers: list[DeploymentTriggerTypes | TriggerTypes] = Field(default_factory=list)
    enforce_parameter_schema: bool = True
    work_pool_name: str | None = None
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)

    _flow: Any = PrivateAttr(default=None)
    _folder: Path | None = PrivateAttr(default=None)

    @property
    def full_name(self) -> str:
        """`flow/deployment`."""
        return f"{self.flow_name}/{self.name}"

    @field_validator("name", mode="before")
    @classmethod
    def _without_extension(cls, name: str) -> str:
        return Path(name).stem if name.endswith(".py") else name

    @classmethod
    def from_flow(
        cls,
        flow: Flow[..., Any],
        name: str,
        *,
        interval: Intervals | None = None,
        cron: Texts | None = None,
        rrule: Texts | None = None,
        timezone: str | None = None,
        schedule: Any = None,
        schedules: Iterable[Any] | None = None,
        concurrency_limit: Any = None,
        parameters: Mapping[str, Any] | None = None,
        description: str | None = None,
        version: str | None = None,
        tags: Iterable[str] | None = None,
        job_variables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> RunnerDeployment:
        """A deployment of a flow; `Flow.to_deployment` tells what the arguments mean.

        Raises:
            InvalidNameError: the name holds a character that it may not.
            pydantic.ValidationError: (a ValueError) something is of a wrong kind.
            ValueError: schedules are given in more than one way, or one makes no sense.
        """
        checked_deployment_name(name)
        try:
            return cls._described(
                flow,
                name=name,
                schedules=schedules_from(interval, cron, rrule, timezone, schedule, schedules),
                concurrency_limit=concurrency_limit,
                parameters=parameters or {},
                description=flow.description if description is None else description,
                version=flow.version if version is None else version,
                tags=list(tags or ()),
                job_variables={} if job_variables is None else job_variables,
                **options,
            )
        except ValidationError as error:
            raise in_few_words(error) from None

    @classmethod
    def _described(
        cls, flow: Flow[..., Any], *, concurrency_limit: Any, **given: Any
    ) -> RunnerDeployment:
        made = cls(
            flow_name=flow.name,
            concurrency_limit=getattr(concurrency_limit, "limit", concurrency_limit),
            concurrency_options=_options_of(concurrency_limit),
            **given,
        )
        made._flow = flow
        source = flow.source
        if source is not None:
            made.entrypoint, made._folder = source.entrypoint, source.folder
        elif made.entrypoint is None:
            made.entrypoint = entrypoint_of(flow)
        return made

    @dispatched
    async def apply(
        self, schedules: Iterable[Any] | None = None, work_pool_name: str | None = None
    ) -> UUID:
        """Make the deployment known, or bring the one of its name to what this says.

        Args:
            schedules: other schedules than its own.
            work_pool_name: another pool than its own.

        Returns:
            Its id.

        Raises:
            DeploymentApplyError: it cannot be as it is described.
        """
        if schedules is not None:
            self.schedules = schedules_from(schedules=schedules)
        if work_pool_name is not None:
            self.work_pool_name = work_pool_name
        wanted = work.input_of(
            flow_name=self.flow_name,
            name=self.name,
            description=self.description,
            version=self.version,
            tags=self.tags,
            parameters=sent(self.parameters),
            parameter_schema=_schema_of(self._flow),
            enforce_schema=self.enforce_parameter_schema,
            work_pool_name=self.work_pool_name,
            work_queue_name=self.work_queue_name,
            job_variables=sent(self.job_variables),
            concurrency_limit=self.concurrency_limit,
            collision_strategy=_strategy_of(self.concurrency_options),
            **_control_of(self.concurrency_options),
            paused=self.paused,
            **_retries_of(self._flow),
            **await self._code(),
        )
        if self.schedules is not None:  # none any more is said, too
            wanted["schedules"] = [schedule.as_input() for schedule in self.schedules]
        try:
            applied = await ask(work.apply_deployment(wanted))
        except ServiceError as error:
            if error.field == "workPool":
                raise UnknownWorkPool(
                    f"Could not find work pool {self.work_pool_name!r}. Please create it before "
                    "deploying this flow: `headrace work-pool create --type process "
                    f"{self.work_pool_name}`"
                ) from error
            raise DeploymentApplyError(str(error)) from error
        key = UUID(applied["id"])
        await self._set_triggers(key)
        self._warn(applied)
        return key

    def _warn(self, applied: Mapping[str, Any]) -> None:
        """Say which of its runs will fail, or never be, now that somebody reads it."""
        told = [*ended(applied), *without_effect(self.job_variables)]
        if self._flow is not None:
            told += misfits(self._flow, self.parameters, self.schedules or ())
        if told:
            ensure_logging(get_settings())
        for what in told:
            get_logger("deployments").warning("Deployment '%s': %s", self.full_name, what)

    async def _set_triggers(self, deployment_id: UUID) -> None:
        """Let the deployment have the automations that its triggers stand for, and no others."""
        wanted = []
        for trigger in self.triggers:
            trigger.set_deployment_id(deployment_id)
            core = trigger.as_automation()
            wanted.append(automated.input_of(core.model_dump(mode="json")))
        try:
            await ask(automated.set_owned(f"headrace.deployment.{deployment_id}", wanted))
        except ServiceError as error:
            raise DeploymentApplyError(f"deployment '{self.full_name}': {error}") from error

    async def _code(self) -> dict[str, Any]:
        """Where the flow is found, or the bundle that it travels in."""
        if self.entrypoint is not None:
            return {"entrypoint": self.entrypoint, "folder": str(self._folder or Path.cwd())}
        content, about = make_bundle(self._flow)
        kept = await ask(work.put_bundle(content, about))
        return {"bundle_key": kept["key"]}


def _retries_of(flow: Flow[..., Any] | None) -> dict[str, Any]:
    """How often a run is begun anew whose process has died: as often as the flow says."""
    if flow is None or not flow.retries:
        return {}
    delays = flow.retry_delay_seconds
    given = list(delays) if isinstance(delays, Iterable) else [delays]
    return {"retries": flow.retries, "retry_delays_seconds": given}


def _options_of(limit: Any) -> Any:
    """What a limit says besides its number."""
    if isinstance(limit, ConcurrencyLimitConfig) and not isinstance(limit, FlowControl):
        return ConcurrencyOptions(**limit.model_dump(exclude={"limit"}))
    return limit if hasattr(limit, "limit") else None


def _strategy_of(options: Any) -> str | None:
    """What becomes of runs beyond the limit, by `ConcurrencyOptions` or a mapping like them."""
    if isinstance(options, Mapping):
        strategy = options.get("collision_strategy")
    else:
        strategy = getattr(options, "collision_strategy", None)
    return None if strategy is None else str(getattr(strategy, "value", strategy))


def _control_of(options: Any) -> dict[str, Any]:
    """What a `FlowControl` says besides its limit, as fields of the input."""
    if not isinstance(options, FlowControl):
        return {}
    return options.model_dump(include={"key", "limits", "debounce_seconds", "singleton"})


def schedules_from(
    interval: Intervals | None = None,
    cron: Texts | None = None,
    rrule: Texts | None = None,
    timezone: str | None = None,
    schedule: Any = None,
    schedules: Iterable[Any] | None = None,
) -> list[DeploymentScheduleCreate]:
    """The schedules that one of the arguments stands for.

    Raises:
        ValueError: more than one is given, or one makes no sense.
    """
    given = [one for one in (interval, cron, rrule, schedule, schedules) if one is not None]
    if len(given) > 1:
        raise ValueError(
            "Only one of interval, cron, rrule, schedule, or schedules can be provided."
        )
    if schedules is not None:
        return [_created(one) for one in schedules]
    if schedule is not None:
        return [_created(schedule)]
    if interval is not None:
        return [
            DeploymentScheduleCreate(
                schedule=IntervalSchedule(interval=as_interval(one), timezone=timezone)
            )
            for one in _each(interval)
        ]
    if cron is not None:
        lines = [CronSchedule(cron=one, timezone=timezone) for one in _each(cron)]
        return [DeploymentScheduleCreate(schedule=line) for line in lines]
    if rrule is not None:
        rules = [RRuleSchedule.counted(one, timezone) for one in _each(rrule)]
        return [DeploymentScheduleCreate(schedule=rule) for rule in rules]
    return []


def _created(given: Any) -> DeploymentScheduleCreate:
    if isinstance(given, DeploymentScheduleCreate):
        return given
    try:
        schedule = as_schedule(given)
    except TypeError:
        return DeploymentScheduleCreate(schedule=given)  # which tells what a schedule may be
    return DeploymentScheduleCreate.from_schedule(schedule)


def _each(given: Any) -> list[Any]:
    single = isinstance(given, str | int | float | datetime.timedelta)
    return [given] if single else list(given)


def _schema_of(flow: Flow[..., Any] | None) -> dict[str, Any] | None:
    if flow is None:
        return None
    return sent(flow.parameters.model_dump_for_openapi())


@dispatched
async def deploy(
    *deployments: RunnerDeployment,
    work_pool_name: str | None = None,
    image: object = None,
    build: bool = True,
    push: bool = True,
    print_next_steps_message: bool = True,
    ignore_warnings: bool = False,
) -> list[UUID]:
    """Make several deployments known to a work pool.

    Their code travels by value, or is found by entrypoint if they have a source. What became of
    each is printed. `image`, `build` and `push` have no effect, since no image is needed; programs
    written for Prefect give them.

    Args:
        deployments: what `to_deployment` makes.
        work_pool_name: the pool, which exists.
        ignore_warnings: whether to log no warning that an image has no effect.
        print_next_steps_message: whether to print how their runs are asked for and executed.

    Returns:
        The ids of those that are known now.

    Raises:
        ValueError: no pool is named.
        UnknownWorkPool: (also a ValueError) there is no such pool.
        DeploymentApplyError: the only one cannot be as it is described.
    """
    from headrace.deployments import summary  # loads rich

    if not work_pool_name:
        raise ValueError("A work pool name must be provided when deploying a deployment.")
    if image is not None and not ignore_warnings:
        ensure_logging(get_settings())
        get_logger("deployments").warning(
            "image=%r has no effect: no image is built or pulled, the code travels by value, and "
            "workers need the packages that it imports",
            image,
        )
    keys: list[UUID] = []
    outcomes = []
    for deployment in deployments:
        error = None
        try:
            keys.append(await by_value(deployment).apply.aio(work_pool_name=work_pool_name))
        except UnknownWorkPool:
            raise  # it would be the same for all
        except Exception as raised:  # the others are to be known all the same
            if len(deployments) == 1:
                raise
            error = str(raised)
        outcomes.append(summary.Outcome(deployment.full_name, error))
    summary.print_outcomes(outcomes)
    if print_next_steps_message and keys:
        summary.print_next_steps_of_many(work_pool_name, await has_workers(work_pool_name))
    return keys


async def has_workers(work_pool_name: str) -> bool:
    """Whether a worker of the pool is online."""
    pool = await ask(work.work_pool(work_pool_name))
    return pool is not None and any(worker["online"] for worker in pool["workers"])


def by_value(deployment: RunnerDeployment) -> RunnerDeployment:
    """The deployment, for workers that may not see the files here.

    Code that was found by where the flow was defined travels by value; a source that was named
    stays.
    """
    flow = deployment._flow
    if flow is not None and flow.source is None:
        deployment.entrypoint = None
    return deployment
