"""Tasks that make assets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from headrace.assets.core import Asset
from headrace.events import emit_event
from headrace.tasks import Task

if TYPE_CHECKING:
    from headrace.context import LiveTaskRun
    from headrace.states import State

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

_EVENT = "headrace.asset.materialization"


class MaterializingTask(Task[P, R]):
    """A task that makes assets; made by `materialize`.

    Attributes:
        assets: what it makes.
        materialized_by: the tool that does the work, if one was named.
    """

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        assets: Sequence[str | Asset] = (),
        materialized_by: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fn, **options)
        self.assets = _assets(assets)
        self.asset_deps = _assets(self.asset_deps)
        self.materialized_by = materialized_by
        for hooks in (self.on_completion_hooks, self.on_failure_hooks):
            if _tell not in hooks:
                hooks.append(_tell)

    def with_options(
        self,
        *,
        assets: Sequence[str | Asset] | None = None,
        materialized_by: str | None = None,
        **options: Any,
    ) -> MaterializingTask[P, R]:
        """The same function as another task; see `Task.with_options`.

        Args:
            assets: what it makes, if other assets than this one.
            materialized_by: the tool that does the work, if another.
            options: what else is to differ.
        """
        other = cast("MaterializingTask[P, R]", super().with_options(**options))
        other.assets = self.assets if assets is None else _assets(assets)
        other.materialized_by = materialized_by or self.materialized_by
        return other


def _assets(given: Sequence[str | Asset]) -> list[Asset]:
    return [Asset(key=one) if isinstance(one, str) else one for one in given]


def materialize(
    *assets: str | Asset, by: str | None = None, **task_kwargs: Any
) -> Callable[[Callable[P, R]], MaterializingTask[P, R]]:
    """Make a function a task that makes assets.

    Args:
        assets: what it makes, as assets or their keys.
        by: the tool that does the work, such as "dbt".
        task_kwargs: options of `task`.

    Raises:
        TypeError: no asset is given.
        ValueError: a key is no address.
    """
    if not assets:
        raise TypeError(
            "materialize requires at least one asset argument, e.g. `@materialize(asset)`"
        )
    return lambda fn: MaterializingTask(fn, assets=assets, materialized_by=by, **task_kwargs)


def _tell(task: MaterializingTask[..., Any], task_run: LiveTaskRun, state: State[Any]) -> None:
    """Emit an event for each asset, with what the run has said of it. A hook."""
    metadata = task_run.asset_metadata or {}
    outcome = "succeeded" if state.is_completed() else "failed"
    sources = [(source.key, "asset") for source in task.asset_deps]
    if task.materialized_by is not None:
        sources.append((task.materialized_by, "asset-materialized-by"))
    related = [
        {"headrace.resource.id": source, "headrace.resource.role": role} for source, role in sources
    ]
    for asset in task.assets:
        resource = {"headrace.resource.id": asset.key}
        if asset.properties is not None and asset.properties.name is not None:
            resource["headrace.resource.name"] = asset.properties.name
        payload = metadata.get(asset.key, {})
        emit_event(f"{_EVENT}.{outcome}", resource=resource, related=related, payload=payload)
