"""Deployments."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime, object_of
from headrace_service.api.types.node import Node
from headrace_service.api.types.schedule import Schedule, ScheduleGiven
from headrace_service.ledger.deployments import DeploymentInput, DeploymentRow
from headrace_service.ledger.queries.paging import NameKey, Slice
from headrace_service.ledger.run_limits import CollisionStrategy

_STRATEGIES = {
    CollisionStrategy.ENQUEUE: "It waits, as AwaitingConcurrencySlot.",
    CollisionStrategy.CANCEL_NEW: "It is CANCELLED.",
}
strawberry.enum(
    CollisionStrategy,
    description="What becomes of a run when as many are under way as its deployment allows.",
)
for _strategy in CollisionStrategy.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _strategy.description = _STRATEGIES[CollisionStrategy(_strategy.value)]


@strawberry.type(description="A flow that can be run from elsewhere, by itself or when asked to.")
class Deployment(Node):
    """A deployment."""

    row: strawberry.Private[DeploymentRow]
    name: str = strawberry.field(description="Its name.")
    full_name: str = strawberry.field(description="Its flow's name and its own: `flow/name`.")
    flow_name: str = strawberry.field(description="The name of its flow.")
    flow_id: strawberry.ID = strawberry.field(description="The id of its flow.")
    description: str | None = strawberry.field(description="What it is for.")
    version: str | None = strawberry.field(description="The version of its code.")
    entrypoint: str | None = strawberry.field(
        description="Where its flow is found: `path.py:flow` or `module.flow`."
    )
    folder: str | None = strawberry.field(
        description="The folder that the entrypoint and the flow start from."
    )
    bundle_key: str | None = strawberry.field(
        description="The bundle that holds its code, when it travels by value."
    )
    enforce_schema: bool = strawberry.field(
        description="Whether arguments are checked when a run is asked for."
    )
    concurrency_limit: int | None = strawberry.field(
        description="How many of its runs may be under way at once; null for any number."
    )
    collision_strategy: CollisionStrategy | None = strawberry.field(
        description="What becomes of a run that would be one more; null without a limit."
    )
    key: str | None = strawberry.field(
        description="The template of its runs' keys, such as `{parameters.tenant}`: limits count "
        "for each key by itself."
    )
    debounce_seconds: float | None = strawberry.field(
        description="For how long nobody asks for a run until it begins; null is at once."
    )
    singleton: bool = strawberry.field(
        description="Whether there is one run of a key at a time, which whoever asks is given."
    )
    retries: int = strawberry.field(
        description="How often a run whose process has died is begun anew, by any worker."
    )
    paused: bool = strawberry.field(description="Whether its schedules rest.")
    created_at: DateTime = strawberry.field(description="When it was created.")
    updated_at: DateTime = strawberry.field(description="When it was last deployed.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: DeploymentRow) -> Deployment:
        """The deployment of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            full_name=row.full_name,
            flow_name=row.flow_name,
            flow_id=strawberry.ID(str(row.flow_id)),
            description=row.description,
            version=row.version,
            entrypoint=row.entrypoint,
            folder=row.folder,
            bundle_key=row.bundle_key,
            enforce_schema=row.enforce_schema,
            concurrency_limit=row.concurrency_limit,
            collision_strategy=None
            if row.collision_strategy is None
            else CollisionStrategy(row.collision_strategy),
            key=row.limit_key,
            debounce_seconds=None if row.debounce is None else row.debounce / 1_000_000,
            singleton=row.singleton,
            retries=row.retries,
            paused=row.paused,
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )

    @strawberry.field(description="The limits of which each of its runs takes a slot, by name.")
    def limits(self) -> list[str]:
        """The limits."""
        return msgspec.json.decode(self.row.limits, type=list[str])

    @strawberry.field(description="Seconds before each of the `retries`; the last goes on to hold.")
    def retry_delays_seconds(self) -> list[float]:
        """The delays."""
        return msgspec.json.decode(self.row.retry_delays, type=list[float])

    @strawberry.field(description="The tags of its runs.")
    def tags(self) -> list[str]:
        """The tags."""
        return msgspec.json.decode(self.row.tags, type=list[str])

    @strawberry.field(description="Its runs' arguments by name, where nobody gives others.")
    def parameters(self) -> JSON:
        """The parameters."""
        return JSON(msgspec.json.decode(self.row.parameters))

    @strawberry.field(description="What arguments its flow takes, as a JSON Schema.")
    def parameter_schema(self) -> JSON:
        """The schema."""
        return JSON(msgspec.json.decode(self.row.parameter_schema))

    @strawberry.field(description="What its runs tell the worker that executes them.")
    def job_variables(self) -> JSON:
        """The job variables."""
        return JSON(msgspec.json.decode(self.row.job_variables))

    @strawberry.field(description="Its schedules, oldest first, at most 100.")
    async def schedules(self, info: Info) -> list[Schedule]:
        """The schedules."""
        rows = await info.context.loaders.schedules.load(self.row.id)
        info.context.spend(rows)
        return [Schedule.of(row) for row in rows]

    @strawberry.field(description="The pool whose workers execute it; null when it is served.")
    async def work_pool_name(self, info: Info) -> str | None:
        """The pool."""
        found = await info.context.loaders.queue_names.load(self.row.work_queue_id)
        return None if found is None else found[0]

    @strawberry.field(description="The queue of that pool in which its runs wait.")
    async def work_queue_name(self, info: Info) -> str | None:
        """The queue."""
        found = await info.context.loaders.queue_names.load(self.row.work_queue_id)
        return None if found is None else found[1]


def deployment_connection(context: Context, rows: Slice[DeploymentRow]) -> Connection[Deployment]:
    """The connection of a page of deployments."""
    context.spend(rows.rows)
    place = Place.DEPLOYMENT
    return connection(
        rows, Deployment.of, place, lambda row: NameKey((row.flow_name, row.name), row.id)
    )


@strawberry.input(
    name="DeploymentInput",
    description="A deployment. What it says replaces what was; schedules only when they are given.",
)
class DeploymentGiven:
    """A deployment as it is asked for."""

    flow_name: str = strawberry.field(description="The name of its flow.")
    name: str = strawberry.field(description="Its name; with the flow's name it is unique.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    version: str | None = strawberry.field(default=None, description="The version of its code.")
    tags: list[str] | None = strawberry.field(default=None, description="The tags of its runs.")
    parameters: JSON | None = strawberry.field(
        default=None, description="Its runs' arguments by name, where nobody gives others."
    )
    parameter_schema: JSON | None = strawberry.field(
        default=None, description="What arguments its flow takes, as a JSON Schema."
    )
    enforce_schema: bool = strawberry.field(
        default=True, description="Whether arguments are checked when a run is asked for."
    )
    entrypoint: str | None = strawberry.field(
        default=None, description="Where its flow is found: `path.py:flow` or `module.flow`."
    )
    folder: str | None = strawberry.field(
        default=None, description="The folder that the entrypoint and the flow start from."
    )
    bundle_key: str | None = strawberry.field(
        default=None, description="The bundle that holds its code; see `putBundle`."
    )
    work_pool_name: str | None = strawberry.field(
        default=None, description="The pool whose workers execute it; null when it is served."
    )
    work_queue_name: str | None = strawberry.field(
        default=None, description="The queue of that pool; created if need be."
    )
    job_variables: JSON | None = strawberry.field(
        default=None, description="What its runs tell the worker that executes them."
    )
    concurrency_limit: int | None = strawberry.field(
        default=None,
        description="How many of its runs may be under way at once; null for any number.",
    )
    collision_strategy: CollisionStrategy | None = strawberry.field(
        default=None,
        description="What becomes of a run that would be one more; ENQUEUE unless it is given.",
    )
    limits: list[str] = strawberry.field(
        default_factory=list,
        description="The limits of which each of its runs takes a slot, by name, besides "
        "`deployment:FLOW/NAME`.",
    )
    key: str | None = strawberry.field(
        default=None, description="The template of its runs' keys, such as `{parameters.tenant}`."
    )
    debounce_seconds: float | None = strawberry.field(
        default=None,
        description="A run begins once nobody has asked for one of its key for so long; the last "
        "parameters count.",
    )
    retries: int | None = strawberry.field(
        default=None,
        description="How often a run whose process has died is begun anew, by any worker.",
    )
    retry_delays_seconds: list[float] | None = strawberry.field(
        default=None, description="Seconds before each of those times; the last goes on to hold."
    )
    singleton: bool = strawberry.field(
        default=False,
        description="Whether one who asks for a run while one of its key has not ended is given "
        "that one.",
    )
    paused: bool | None = strawberry.field(
        default=None, description="Whether its schedules rest; null leaves that as it is."
    )
    expected_revision: int | None = strawberry.field(
        default=None,
        description="The `revision` that was seen: when it has another one by now, nothing is "
        "changed.",
    )
    schedules: list[ScheduleGiven] | None = strawberry.field(
        default=None,
        description="Its schedules; null leaves them. One that is deployed again in the "
        "same words is left alone, and so is one that was added by hand; others go.",
    )

    def as_input(self) -> DeploymentInput:
        """The deployment as the ledger takes it."""
        return DeploymentInput(
            flow_name=self.flow_name,
            name=self.name,
            description=self.description,
            version=self.version,
            tags=self.tags or [],
            parameters=object_of(self.parameters, "parameters"),
            parameter_schema=object_of(self.parameter_schema, "parameterSchema"),
            enforce_schema=self.enforce_schema,
            entrypoint=self.entrypoint,
            folder=self.folder,
            bundle_key=self.bundle_key,
            work_pool=self.work_pool_name,
            work_queue=self.work_queue_name,
            job_variables=object_of(self.job_variables, "jobVariables"),
            concurrency_limit=self.concurrency_limit,
            collision_strategy=None
            if self.concurrency_limit is None and not self.limits
            else (self.collision_strategy or CollisionStrategy.ENQUEUE).value,
            limits=self.limits,
            limit_key=self.key,
            debounce_seconds=self.debounce_seconds,
            singleton=self.singleton,
            retries=self.retries or 0,
            retry_delays=self.retry_delays_seconds or [],
            paused=self.paused,
            expected_revision=self.expected_revision,
            schedules=None
            if self.schedules is None
            else [one.as_input(f"schedules[{at}].") for at, one in enumerate(self.schedules)],
        )


LazyDeployment = Annotated["Deployment", strawberry.lazy("headrace_service.api.types.deployment")]
