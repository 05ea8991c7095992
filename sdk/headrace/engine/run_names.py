"""Names of runs that users make: from a template, or by a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def custom_name(
    title: str, option: str, given: str | Callable[..., str], parameters: Mapping[str, object]
) -> str:
    """The name of a run with these parameters.

    Args:
        title: what messages call the flow or task.
        option: the option that was given, such as "flow_run_name".
        given: a template such as "report {day}", or a function, which may take `parameters`.
        parameters: the run's arguments by name.

    Raises:
        KeyError: the template names a parameter that is not there; a note says which there are.
        TypeError: the function returned no text.
        Exception: what else the function or the template raised.
    """
    if isinstance(given, str):
        try:
            return given.format(**parameters)
        except KeyError as error:
            there = ", ".join(parameters) or "none"
            error.add_note(
                f"{title}: {option}={given!r} names {error}; its parameters are: {there}"
            )
            raise
    name: Any = (
        given(parameters=dict(parameters))
        if "parameters" in inspect.signature(given).parameters
        else given()
    )
    if not isinstance(name, str):
        raise TypeError(
            f"Callable {given} for '{option}' returned type {type(name).__name__} "
            "but a string is required."
        )
    return name
