"""What can be asked for: one module for each domain, put together here."""

from __future__ import annotations

import strawberry

from headrace_service.api.queries.api_tokens import ApiTokenQueries
from headrace_service.api.queries.artifacts import ArtifactQueries
from headrace_service.api.queries.automations import AutomationQueries
from headrace_service.api.queries.blocks import BlockQueries
from headrace_service.api.queries.concurrency import ConcurrencyQueries
from headrace_service.api.queries.counts import CountQueries
from headrace_service.api.queries.deployments import DeploymentQueries
from headrace_service.api.queries.events import EventQueries
from headrace_service.api.queries.flows import FlowQueries
from headrace_service.api.queries.inputs import InputQueries
from headrace_service.api.queries.runs import RunQueries
from headrace_service.api.queries.search import SearchQueries
from headrace_service.api.queries.service import ServiceQueries
from headrace_service.api.queries.variables import VariableQueries
from headrace_service.api.queries.work_pools import WorkPoolQueries


@strawberry.type(description="What can be asked for.")
class Query(
    ServiceQueries,
    FlowQueries,
    RunQueries,
    SearchQueries,
    CountQueries,
    InputQueries,
    VariableQueries,
    ArtifactQueries,
    BlockQueries,
    DeploymentQueries,
    WorkPoolQueries,
    ConcurrencyQueries,
    EventQueries,
    AutomationQueries,
    ApiTokenQueries,
):
    """The root of queries."""
