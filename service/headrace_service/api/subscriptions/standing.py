"""How things stand, and what of it changes: counts, limits, workers, deployments."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from headrace.records import StateType
from headrace_service.api.context import Info
from headrace_service.api.filters import FlowRunFilter, flow_runs_where, set_of
from headrace_service.api.queries.counts import FARTHEST, CountUpTo, checked
from headrace_service.api.types.concurrency_limit import ConcurrencyLimit
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.standing import (
    ConcurrencyLimitChanges,
    Counts,
    DeploymentChanges,
    WorkerChanges,
    ids_of,
    place_of,
)
from headrace_service.api.types.state import StateCount
from headrace_service.api.types.work import Worker
from headrace_service.ledger.queries import looks


@strawberry.type(description="How things stand.")
class StandingSubscriptions:
    """Feeds that begin with what there is, and go on with what changes."""

    @strawberry.subscription(
        description="How many flow runs are in states of each type; all counts, whenever one "
        "changes. Each message costs as much as the flow runs that are counted, each type's up to "
        "`countUpTo`."
    )
    async def counts(
        self,
        info: Info,
        filter: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Which flow runs.")
        ] = None,
        count_up_to: CountUpTo = FARTHEST,
    ) -> AsyncGenerator[Counts, None]:
        """Follow the counts."""
        where, most = flow_runs_where(filter), checked(count_up_to)
        feed = info.context.ledger.feed.changes(looks.flow_run_counts, where, most)
        async with aclosing(feed) as found:
            async for changes in found:
                known = dict(thing.row for thing in changes.seen.things.values())
                counts = [StateCount(type=kind, count=known.get(kind, 0)) for kind in StateType]
                yield Counts(flow_runs=counts, cursor=place_of(changes))

    @strawberry.subscription(
        description="Concurrency limits, when one is made, changed or deleted, and when who holds "
        "its slots or waits for them changes."
    )
    async def concurrency_limits(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these; else the first 200 by name."),
        ] = None,
    ) -> AsyncGenerator[ConcurrencyLimitChanges, None]:
        """Follow concurrency limits."""
        context = info.context
        feed = context.ledger.feed.changes(looks.limits_now, set_of(names, "names"))
        async with aclosing(feed) as found:
            async for changes in found:
                context.renew()
                yield ConcurrencyLimitChanges(
                    limits=[ConcurrencyLimit.of(row) for row in changes.changed],
                    deleted_ids=ids_of(changes),
                    cursor=place_of(changes),
                )

    @strawberry.subscription(
        description="Workers, when one comes, or goes: is no longer online. At most 200 are told "
        "of, those that were heard of last."
    )
    async def workers(
        self,
        info: Info,
        work_pool_name: Annotated[
            str | None, strawberry.argument(description="Only those of this work pool.")
        ] = None,
    ) -> AsyncGenerator[WorkerChanges, None]:
        """Follow workers."""
        feed = info.context.ledger.feed.changes(looks.workers_now, work_pool_name)
        async with aclosing(feed) as found:
            async for changes in found:
                yield WorkerChanges(
                    workers=[Worker.of(row) for row in changes.changed],
                    deleted_ids=ids_of(changes),
                    cursor=place_of(changes),
                )

    @strawberry.subscription(
        description="Deployments, when one is made, changed or deleted, and when one of its "
        "schedules is changed or has fired."
    )
    async def deployments(
        self,
        info: Info,
        flow_name: Annotated[
            str | None, strawberry.argument(description="Only those of this flow.")
        ] = None,
    ) -> AsyncGenerator[DeploymentChanges, None]:
        """Follow deployments."""
        context = info.context
        async with aclosing(context.ledger.feed.changes(looks.deployments_now, flow_name)) as found:
            async for changes in found:
                context.renew()
                yield DeploymentChanges(
                    deployments=[Deployment.of(row) for row in changes.changed],
                    deleted_ids=ids_of(changes),
                    cursor=place_of(changes),
                )
