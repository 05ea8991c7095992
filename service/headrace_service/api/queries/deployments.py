"""Queries about deployments and work pools."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.scalars import JSON
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.work import Bundle, WorkPool
from headrace_service.ledger import deployments, work_pools
from headrace_service.ledger.errors import NotFound


@strawberry.type(description="Deployments and work pools.")
class DeploymentQueries:
    """Queries about what runs by itself or elsewhere."""

    @strawberry.field(description="The deployments, by flow and name.")
    async def deployments(
        self,
        info: Info,
        flow_name: Annotated[
            str | None, strawberry.argument(description="Only those of this flow.")
        ] = None,
    ) -> list[Deployment]:
        """All deployments."""
        rows = await info.context.ledger.aread(deployments.deployments, flow_name)
        info.context.spend(rows)
        return [Deployment.of(row) for row in rows]

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

    @strawberry.field(description="The work pools, by name.")
    async def work_pools(self, info: Info) -> list[WorkPool]:
        """All pools."""
        rows = await info.context.ledger.aread(work_pools.work_pools)
        info.context.spend(rows)
        return [WorkPool.of(row) for row in rows]

    @strawberry.field(description="A work pool by its name; null when there is none.")
    async def work_pool(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> WorkPool | None:
        """One pool."""
        try:
            return WorkPool.of(await info.context.ledger.aread(work_pools.work_pool, name))
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
