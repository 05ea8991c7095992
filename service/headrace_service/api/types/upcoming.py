"""What is going to run."""

from __future__ import annotations

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.log import optional_id
from headrace_service.ledger.queries.upcoming import Upcoming


@strawberry.type(description="A run that waits for its time, or a time at which a schedule fires.")
class UpcomingRun:
    """What is coming."""

    row: strawberry.Private[Upcoming]
    due: DateTime = strawberry.field(description="When it is due.")
    deployment_id: strawberry.ID = strawberry.field(description="The deployment it is a run of.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The run that waits; null while there is none for this time of a schedule."
    )
    schedule_id: strawberry.ID | None = strawberry.field(
        description="The schedule that makes it, if one does."
    )

    @strawberry.field(description="The deployment it is a run of.")
    async def deployment(self, info: Info) -> Deployment | None:
        """The deployment."""
        row = await info.context.loaders.deployment.load(self.row.deployment_id)
        return None if row is None else Deployment.of(row)

    @strawberry.field(description="The run that waits, if there is one.")
    async def flow_run(self, info: Info) -> FlowRun | None:
        """The run."""
        if self.row.flow_run_id is None:
            return None
        row = await info.context.loaders.flow_run.load(self.row.flow_run_id)
        return None if row is None else FlowRun.of(row)

    @classmethod
    def of(cls, row: Upcoming) -> UpcomingRun:
        """What a row tells of."""
        return cls(
            row=row,
            due=DateTime(row.at),
            deployment_id=strawberry.ID(str(row.deployment_id)),
            flow_run_id=optional_id(row.flow_run_id),
            schedule_id=optional_id(row.schedule_id),
        )
