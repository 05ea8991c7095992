"""Running what deployments ask for, in this process and those that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.runner.runner import Runner as Runner

__all__ = ["Runner"]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name != "Runner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from headrace.runner.runner import Runner

    return Runner
