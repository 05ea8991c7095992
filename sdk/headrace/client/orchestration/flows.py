"""Flows, as programs that look after them ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.client import run_operations, work
from headrace.client.orchestration.asking import PAGE, Asking, cut, everything, raise_status
from headrace.client.schemas import answers
from headrace.client.schemas.filters import FlowFilter
from headrace.client.schemas.objects import Flow
from headrace.client.schemas.sorting import FlowSort

if TYPE_CHECKING:
    from headrace.flows import Flow as Definition


def create_flow(flow: Definition[..., Any]) -> Asking[UUID]:
    """Make a flow known, if it is not; its id."""
    return (yield from create_flow_from_name(flow.name))


def create_flow_from_name(flow_name: str) -> Asking[UUID]:
    """Make a flow known by its name, if it is not; its id."""
    found = yield run_operations.create_flow(flow_name)
    return UUID(found["id"])


def delete_flow(flow_id: UUID) -> Asking[None]:
    """Delete a flow with its deployments and its runs.

    Raises:
        ObjectNotFound: there is none.
    """
    for deployment in (yield from everything(lambda after: work.deployments(after=after))):
        if deployment["flowId"] == str(flow_id):
            yield work.delete_deployment(deployment["id"])
    where = {"flowIds": [str(flow_id)]}
    while runs := (yield run_operations.search_flow_runs(where, "NEWEST", PAGE, 0)):
        for run in runs:
            yield work.delete_flow_run(run["id"])
    yield run_operations.delete_flow(flow_id)


def read_flow(flow_id: UUID) -> Asking[Flow]:
    """A flow by its id.

    Raises:
        HeadraceHTTPStatusError: there is none.
    """
    found = yield run_operations.flow(id=flow_id)
    return answers.flow(found) if found else raise_status(404, f"there is no flow {flow_id}")


def read_flow_by_name(flow_name: str) -> Asking[Flow]:
    """A flow by its name.

    Raises:
        HeadraceHTTPStatusError: there is none.
    """
    found = yield run_operations.flow(name=flow_name)
    return answers.flow(found) if found else raise_status(404, f"there is no flow {flow_name!r}")


def read_flows(
    *,
    flow_filter: FlowFilter | None = None,
    sort: FlowSort = FlowSort.NAME_ASC,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[Flow]]:
    """Flows that fit, in an order; see `read_flow_runs`."""
    rows = yield from everything(run_operations.flows)
    flows = [answers.flow(row) for row in rows]
    wanted = [flow for flow in flows if flow_filter is None or fits(flow_filter, flow)]
    if sort in (FlowSort.NAME_ASC, FlowSort.NAME_DESC):
        wanted.sort(key=lambda flow: flow.name, reverse=sort is FlowSort.NAME_DESC)
    else:
        wanted.sort(key=lambda flow: flow.id, reverse=True)
    return cut(wanted, limit, offset)


def fits(wanted: FlowFilter, flow: Flow) -> bool:
    """Whether a flow fits a filter."""
    by_id = wanted.id is None or wanted.id.any_ is None or flow.id in wanted.id.any_
    name = wanted.name
    if name is None:
        return by_id
    any_of, like = name.any_, name.like_
    return (
        by_id
        and (any_of is None or flow.name in any_of)
        and (like is None or like.lower() in flow.name.lower())
    )
