"""Mutations about deployments and their runs."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    FlowRunResult,
    deleted,
    flow_run,
    refusal,
)
from headrace_service.api.scalars import JSON, DateTime, object_of
from headrace_service.api.types.deployment import Deployment, DeploymentGiven
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import deployments, errors, scheduled_runs
from headrace_service.ledger.decode import checked
from headrace_service.ledger.scheduled_runs import RunRequest

DeploymentResult = Annotated[
    Deployment | NotFound | Conflict | InvalidInput,
    strawberry.union("DeploymentResult", description="A deployment, or why it is not as asked."),
]


@strawberry.type(description="A bundle is kept.")
class BundleKept:
    """The answer to a bundle."""

    key: str = strawberry.field(description="Its key: the SHA-256 of its content.")


PutBundleResult = Annotated[
    BundleKept | NotFound | Conflict | InvalidInput,
    strawberry.union("PutBundleResult", description="The bundle's key, or what is wrong."),
]

Which = Annotated[
    str, strawberry.argument(description="The deployment's id, or its full name `flow/name`.")
]


@strawberry.input(description="A run of a deployment.")
class CreateFlowRunInput:
    """What is asked for."""

    deployment: str = strawberry.field(
        description="The deployment's id, or its full name `flow/name`."
    )
    parameters: JSON | None = strawberry.field(
        default=None, description="Arguments by name, over those of the deployment."
    )
    name: str | None = strawberry.field(default=None, description="The run's name.")
    tags: list[str] | None = strawberry.field(
        default=None, description="Tags, besides those of the deployment."
    )
    scheduled_time: DateTime | None = strawberry.field(
        default=None, description="When it is due; else now."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="Asked for again under the same key, it is the same run."
    )
    parent_flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The flow run that asks for it."
    )
    parent_task_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The task run that asks for it."
    )
    work_queue_name: str | None = strawberry.field(
        default=None, description="Another queue of the deployment's pool."
    )
    job_variables: JSON | None = strawberry.field(
        default=None, description="What to tell the worker, over what the deployment does."
    )
    priority: int = strawberry.field(
        default=0, description="By how many seconds it goes before runs that were due earlier."
    )


@strawberry.type(description="Deployments and their runs.")
class DeploymentMutations:
    """Mutations about deployments."""

    @strawberry.mutation(
        description="Create a deployment, or bring the one of that name to what is asked for."
    )
    async def apply_deployment(
        self,
        info: Info,
        input: Annotated[DeploymentGiven, strawberry.argument(description="The deployment.")],
    ) -> DeploymentResult:
        """Create or update."""
        try:
            wanted = checked(input.as_input())
            row = await info.context.ledger.awrite(deployments.apply_deployment, wanted)
        except errors.Refused as error:
            return refusal(error)
        return Deployment.of(row)

    @strawberry.mutation(description="Let a deployment's schedules rest, or go on from now.")
    async def set_deployment_paused(
        self,
        info: Info,
        deployment: Which,
        paused: Annotated[bool, strawberry.argument(description="Whether they are to rest.")],
        expected_revision: ExpectedRevision = None,
    ) -> DeploymentResult:
        """Pause or resume."""
        verb = deployments.set_deployment_paused
        try:
            row = await info.context.ledger.awrite(verb, deployment, paused, expected_revision)
        except errors.Refused as error:
            return refusal(error)
        return Deployment.of(row)

    @strawberry.mutation(
        description="Forget a deployment and its schedules. Its runs stay; those that nobody "
        "has begun are cancelled."
    )
    async def delete_deployment(self, info: Info, deployment: Which) -> DeleteResult:
        """Delete."""
        verb = deployments.delete_deployment
        try:
            found = await info.context.ledger.awrite(verb, deployment)
        except errors.Refused as error:
            return refusal(error)
        return deleted(found)

    @strawberry.mutation(
        description="Ask for a run of a deployment. Its arguments are checked first."
    )
    async def create_flow_run(
        self,
        info: Info,
        input: Annotated[CreateFlowRunInput, strawberry.argument(description="The run.")],
    ) -> FlowRunResult:
        """Create a run."""
        parent, task = input.parent_flow_run_id, input.parent_task_run_id
        try:
            wanted = RunRequest(
                input.deployment,
                object_of(input.parameters, "parameters"),
                input.name,
                input.tags or [],
                input.scheduled_time,
                input.idempotency_key,
                None if task is None else parse_id(task, "parentTaskRunId"),
                None if parent is None else parse_id(parent, "parentFlowRunId"),
                input.work_queue_name,
                object_of(input.job_variables, "jobVariables"),
                input.priority,
            )
            run_id = await info.context.ledger.awrite(scheduled_runs.create_run, checked(wanted))
        except errors.Refused as error:
            return refusal(error)
        return await flow_run(info, run_id)

    @strawberry.mutation(description="Keep a flow's code by value. Keeping it twice is once.")
    async def put_bundle(
        self,
        info: Info,
        content: Annotated[str, strawberry.argument(description="The content, in base64.")],
        about: Annotated[
            JSON, strawberry.argument(description="What it takes to open it, as an object.")
        ],
    ) -> PutBundleResult:
        """Keep a bundle."""
        try:
            decoded = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            return InvalidInput.of("the content is not base64", "content")
        verb = deployments.put_bundle
        try:
            key = await info.context.ledger.awrite(verb, decoded, object_of(about, "about"))
        except errors.Refused as error:
            return refusal(error)
        return BundleKept(key=key)
