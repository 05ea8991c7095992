"""Hooks: functions of the user's, called when a run has come to a state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from headrace.context import LiveRun
from headrace.drivers import Ask, Lifecycle
from headrace.logging import HeadraceLogAdapter, logger_of
from headrace.records import StateType
from headrace.states import State

#: Called with the flow or task, its run, and the state. What it returns is not used.
Hook = Callable[[Any, Any, State[Any]], object]

#: Hooks by the option that names them, such as "on_failure".
Hooks = Mapping[str, Sequence[Hook]]

_OPTIONS = {
    StateType.COMPLETED: "on_completion",
    StateType.FAILED: "on_failure",
    StateType.CANCELLING: "on_cancellation",
    StateType.CRASHED: "on_crashed",
    StateType.RUNNING: "on_running",
}


def call_hooks(
    hooks: Hooks,
    owner: object,
    run: LiveRun,
    state: State[Any],
    logger: HeadraceLogAdapter | None = None,
) -> Lifecycle[None]:
    """Call the hooks for `state`, in order. One that raises is logged, and changes nothing.

    Args:
        hooks: all hooks of the owner.
        owner, run, state: what they are given: the flow or task, its run, and the run's state.
        logger: where it is logged; by default with the run's own lines.
    """
    for hook in hooks.get(_OPTIONS.get(state.type, ""), ()):
        name = getattr(hook, "__name__", repr(hook))
        try:
            yield Ask(hook, owner, run, state)
        except Exception as error:
            (logger or logger_of(run)).log(
                logging.ERROR, "Hook '%s' raised %r", name, error, exc_info=cast(Any, error)
            )
