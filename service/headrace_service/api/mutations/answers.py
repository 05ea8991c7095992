"""What mutations answer: the changed thing, or what the caller can mend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension

from headrace_service.api.context import Info
from headrace_service.api.errors import InputError
from headrace_service.api.types.deleted import Deleted
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.task_run import TaskRun
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import errors

FlowRunResult = Annotated[
    FlowRun | NotFound | Conflict | InvalidInput,
    strawberry.union("FlowRunResult", description="A flow run, or why it is not as asked."),
]
TaskRunResult = Annotated[
    TaskRun | NotFound | Conflict | InvalidInput,
    strawberry.union("TaskRunResult", description="A task run, or why it is not as asked."),
]
DeleteResult = Annotated[
    Deleted | NotFound | Conflict | InvalidInput,
    strawberry.union("DeleteResult", description="That it is gone, or why it stays."),
]

ExpectedRevision = Annotated[
    int | None,
    strawberry.argument(
        description="The `revision` that was seen: when it has another one by now, nothing is "
        "changed."
    ),
]
IdempotencyKey = Annotated[
    str | None,
    strawberry.argument(
        description="Asked for again under the same key, it is the one that was made before."
    ),
]


class TypedRefusals(FieldExtension):
    """Makes a mutation's answer of what its verb refused, or of an argument that cannot be used."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any
    ) -> Any:
        """What the mutation answers."""
        try:
            return await next_(source, info, **kwargs)
        except errors.Refused as error:
            return refusal(error)
        except InputError as error:
            return InvalidInput.of(error.message, (error.extensions or {}).get("field"))


def refusal(error: errors.Refused) -> NotFound | Conflict | InvalidInput:
    """The typed answer for what the caller can mend."""
    if isinstance(error, errors.NotFound):
        return NotFound.of(str(error), error.field)
    if isinstance(error, errors.Conflict):
        return Conflict.of(str(error), error.field, error.revision)
    return InvalidInput.of(str(error), error.field)


async def flow_run(info: Info, run_id: UUID) -> FlowRun | NotFound:
    """The flow run that a mutation has just changed."""
    row = await info.context.loaders.flow_run.load(run_id)
    return _gone("flow run", run_id) if row is None else FlowRun.of(row)


async def task_run(info: Info, run_id: UUID) -> TaskRun | NotFound:
    """The task run that a mutation has just changed."""
    row = await info.context.loaders.task_run.load(run_id)
    return _gone("task run", run_id) if row is None else TaskRun.of(row)


def deleted(key: UUID) -> Deleted:
    """The answer of a mutation that has deleted something."""
    return Deleted(id=strawberry.ID(str(key)))


def _gone(noun: str, run_id: UUID) -> NotFound:
    return NotFound.of(f"{noun} {run_id} was changed, and deleted right after", "id")
