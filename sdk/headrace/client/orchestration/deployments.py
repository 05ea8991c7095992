"""Deployments, as programs that look after them ask for them."""

from __future__ import annotations

from uuid import UUID

from headrace.client import work
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.filters import DeploymentFilter
from headrace.client.schemas.objects import Deployment
from headrace.client.schemas.sorting import DeploymentSort


def read_deployment(deployment_id: UUID | str) -> Asking[Deployment]:
    """A deployment by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield work.deployment(deployment_id)
    return answers.deployment(found_or_not(found, f"deployment {deployment_id}"))


def read_deployment_by_name(name: str) -> Asking[Deployment]:
    """A deployment by its full name, `flow/name`.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield work.deployment(name)
    return answers.deployment(found_or_not(found, f"deployment {name!r}"))


def read_deployments(
    *,
    deployment_filter: DeploymentFilter | None = None,
    sort: DeploymentSort = DeploymentSort.NAME_ASC,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[Deployment]]:
    """Deployments that fit, in an order; see `read_flow_runs`."""
    rows = yield from everything(lambda after: work.deployments(after=after))
    found = [answers.deployment(row) for row in rows]
    wanted = [one for one in found if deployment_filter is None or fits(deployment_filter, one)]
    if sort in (DeploymentSort.NAME_ASC, DeploymentSort.NAME_DESC):
        wanted.sort(key=lambda one: one.name, reverse=sort is DeploymentSort.NAME_DESC)
    else:
        wanted.sort(key=lambda one: one.id, reverse=True)
    return cut(wanted, limit, offset)


def delete_deployment(deployment_id: UUID) -> Asking[None]:
    """Delete a deployment; its runs stay.

    Raises:
        ObjectNotFound: there is none.
    """
    yield work.delete_deployment(deployment_id)


def pause_deployment(deployment_id: UUID) -> Asking[None]:
    """Let a deployment's schedules rest.

    Raises:
        ObjectNotFound: there is no such deployment.
    """
    yield work.set_deployment_paused(deployment_id, True)


def resume_deployment(deployment_id: UUID) -> Asking[None]:
    """Let a deployment's schedules go on; see `pause_deployment`."""
    yield work.set_deployment_paused(deployment_id, False)


def fits(wanted: DeploymentFilter, one: Deployment) -> bool:
    """Whether a deployment fits a filter."""
    if wanted.id is not None and wanted.id.any_ is not None and one.id not in wanted.id.any_:
        return False
    name, tags = wanted.name, wanted.tags
    if name is not None and name.any_ is not None and one.name not in name.any_:
        return False
    if name is not None and name.like_ is not None and name.like_.lower() not in one.name.lower():
        return False
    if tags is None:
        return True
    have = set(one.tags)
    return (
        (tags.all_ is None or have.issuperset(tags.all_))
        and (tags.any_ is None or bool(have & set(tags.any_)))
        and (tags.is_null_ is None or tags.is_null_ is not bool(have))
    )
