"""What can be asked for: one module for each domain, put together here."""

from __future__ import annotations

import strawberry

from headrace_service.api.queries.flows import FlowQueries
from headrace_service.api.queries.inputs import InputQueries
from headrace_service.api.queries.runs import RunQueries
from headrace_service.api.queries.service import ServiceQueries


@strawberry.type(description="What can be asked for.")
class Query(ServiceQueries, FlowQueries, RunQueries, InputQueries):
    """The root of queries."""
