"""The schema, put together."""

from __future__ import annotations

from headrace_service.api.building import Schema, build
from headrace_service.api.mutations import Mutation
from headrace_service.api.mutations.record import RefusedRecord
from headrace_service.api.subscriptions import Subscription
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.flow import Flow
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.task_run import TaskRun
from headrace_service.api.types.user_error import InvalidInput


def build_schema(*, sort: bool = False) -> Schema:
    """The schema.

    Args:
        sort: see `build`.
    """
    types = (Deployment, Flow, FlowRun, TaskRun, InvalidInput, RefusedRecord)
    return build(Mutation, Subscription, types, sort=sort)


schema = build_schema()


def print_schema() -> str:
    """The schema in GraphQL's own language, sorted, so that it can be compared."""
    return build_schema(sort=True).as_str() + "\n"
