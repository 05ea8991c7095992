"""Queries about deployments, their schedules, and code by value."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import ids_in, part_in, set_of, tags_in
from headrace_service.api.orders import Names
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.scalars import JSON
from headrace_service.api.types.deployment import Deployment, deployment_connection
from headrace_service.api.types.schedule import Schedule, schedule_connection
from headrace_service.api.types.work import Bundle
from headrace_service.ledger import deployments
from headrace_service.ledger.errors import NotFound
from headrace_service.ledger.queries.deployments import (
    DeploymentWhere,
    ScheduleWhere,
    page_of_deployments,
    page_of_schedules,
)
from headrace_service.ledger.queries.names import NameOrder


@strawberry.input(description="Which deployments; what is left out does not matter.")
class DeploymentFilter:
    """Conditions on deployments; all must hold."""

    flow_names: list[str] | None = strawberry.field(
        default=None, description="Of one of these flows."
    )
    names: list[str] | None = strawberry.field(
        default=None, description="With one of these names, the flow's left aside."
    )
    name_contains: str | None = strawberry.field(
        default=None, description="With this in its name, in small letters or capitals."
    )
    tags: list[str] | None = strawberry.field(default=None, description="With all of these tags.")
    any_tags: list[str] | None = strawberry.field(
        default=None, description="With at least one of these tags."
    )
    untagged: bool | None = strawberry.field(
        default=None, description="Without any tag; or with one, when it is false."
    )
    paused: bool | None = strawberry.field(
        default=None, description="Whose schedules rest; or do not, when it is false."
    )
    work_pool_names: list[str] | None = strawberry.field(
        default=None, description="Whose runs wait in one of these work pools."
    )


def _deployments_where(wanted: DeploymentFilter | None) -> DeploymentWhere:
    given = wanted or DeploymentFilter()
    return DeploymentWhere(
        flow_names=set_of(given.flow_names, "flowNames"),
        names=set_of(given.names, "names"),
        name_contains=part_in(given.name_contains, "nameContains"),
        tags=tags_in(given.tags, "tags") or frozenset(),
        any_tags=tags_in(given.any_tags, "anyTags"),
        untagged=given.untagged,
        paused=given.paused,
        work_pool_names=set_of(given.work_pool_names, "workPoolNames"),
    )


@strawberry.type(description="Deployments, their schedules, and code by value.")
class DeploymentQueries:
    """Queries about what can be run from elsewhere."""

    @strawberry.field(description="The deployments.")
    async def deployments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            DeploymentFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Names = None,
    ) -> Connection[Deployment]:
        """A page of the deployments."""
        page = page_of(Place.DEPLOYMENT, first, after, last, before)
        where, order = _deployments_where(filter), order_by or NameOrder.NAME_ASC
        rows = await info.context.ledger.aread(page_of_deployments, page, where, order)
        return deployment_connection(info.context, rows)

    @strawberry.field(description="The schedules of all deployments, newest first.")
    async def schedules(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        deployment_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only those of these deployments."),
        ] = None,
        active: Annotated[
            bool | None, strawberry.argument(description="Only those that make runs, or that rest.")
        ] = None,
    ) -> Connection[Schedule]:
        """A page of the schedules."""
        page = page_of(Place.SCHEDULE, first, after, last, before)
        where = ScheduleWhere(ids_in(deployment_ids, "deploymentIds"), active)
        rows = await info.context.ledger.aread(page_of_schedules, page, where)
        return schedule_connection(info.context, rows)

    @strawberry.field(
        description="A deployment by its id or by `flow/name`; null when there is none."
    )
    async def deployment(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        name: Annotated[
            str | None, strawberry.argument(description="Its flow's name and its own: `flow/name`.")
        ] = None,
    ) -> Deployment | None:
        """One deployment."""
        if (id is None) == (name is None):
            raise InputError("id: give either id or name", "id")
        which = str(name) if id is None else parse_id(id)
        try:
            return Deployment.of(await info.context.ledger.aread(deployments.deployment, which))
        except NotFound:
            return None

    @strawberry.field(description="A bundle by its key; null when there is none.")
    async def bundle(
        self, info: Info, key: Annotated[str, strawberry.argument(description="Its key.")]
    ) -> Bundle | None:
        """One bundle."""
        try:
            content, about = await info.context.ledger.aread(deployments.bundle, key)
        except NotFound:
            return None
        text = base64.b64encode(content).decode()
        return Bundle(key=key, content=text, about=JSON(msgspec.json.decode(about)))
