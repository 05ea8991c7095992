"""What is running here: the current flow run or task run, and what it runs in.

    >>> from headrace.context import FlowRunContext
    >>> FlowRunContext.get() is None      # outside of every flow
    True

The current run follows the flow of control, also into coroutines and into the threads of `submit`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from headrace.context.assignment import ASSIGNMENT, Assignment
from headrace.context.environment import (
    Clock,
    Environment,
    Recorder,
    SystemClock,
    get_environment,
    use_environment,
)
from headrace.context.runs import (
    CURRENT_RUN,
    CURRENT_TAGS,
    CURRENT_TRANSACTION,
    LiveFlowRun,
    LiveRun,
    LiveTaskRun,
    current_clock,
    current_settings,
    persists_by_default,
    title_of,
)
from headrace.context.views import (
    EngineContext,
    TaskRunContext,
    context_of,
    get_run_context,
    run_of,
)
from headrace.options import checked_tags
from headrace.settings import Settings


@contextlib.contextmanager
def tags(*new_tags: str) -> Iterator[set[str]]:
    """Give the runs that are created within `new_tags`, besides the tags that they have.

        with tags("nightly"):
            pipeline()

    Yields:
        All tags that runs get here.

    Raises:
        InvalidOption: one of them is no text of 1 to 1,024 characters.
    """
    checked = checked_tags("tags()", new_tags)
    token = CURRENT_TAGS.set(CURRENT_TAGS.get() | checked)
    try:
        yield set(CURRENT_TAGS.get())
    finally:
        CURRENT_TAGS.reset(token)


class TagsContext:
    """The tags of the `with tags(...)` that the code runs in, as a set `current_tags`."""

    def __init__(self, current_tags: set[str]) -> None:
        self.current_tags = current_tags

    @classmethod
    def get(cls) -> TagsContext:
        """Those here."""
        return cls(set(CURRENT_TAGS.get()))


#: The context of a flow run: Prefect's users know it under both names.
FlowRunContext = EngineContext


class SettingsContext:
    """The settings that hold where the code runs, as `settings`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def get(cls) -> SettingsContext:
        """Those here."""
        return cls(current_settings())


def get_settings_context() -> SettingsContext:
    """The settings that hold where this code runs."""
    return SettingsContext.get()


__all__ = [
    "ASSIGNMENT",
    "CURRENT_RUN",
    "CURRENT_TAGS",
    "CURRENT_TRANSACTION",
    "Assignment",
    "Clock",
    "EngineContext",
    "Environment",
    "FlowRunContext",
    "LiveFlowRun",
    "LiveRun",
    "LiveTaskRun",
    "Recorder",
    "SettingsContext",
    "SystemClock",
    "TagsContext",
    "TaskRunContext",
    "context_of",
    "current_clock",
    "current_settings",
    "get_environment",
    "get_run_context",
    "get_settings_context",
    "persists_by_default",
    "run_of",
    "tags",
    "title_of",
    "use_environment",
]
