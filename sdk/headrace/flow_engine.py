"""Running a flow that is at hand with parameters that are at hand, as a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from headrace.engine.entry import call_flow
from headrace.exceptions import FlowRunTimeoutError as FlowRunTimeoutError
from headrace.flows import Flow


def run_flow(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """Run a flow; in asynchronous code, and for an asynchronous flow, it is awaited as a call is.

    Args:
        flow: the flow.
        parameters: its arguments by name.
        wait_for: futures that have to complete before it starts.
        return_type: "state" for its final state, which raises nothing.

    Raises:
        Exception: as a call of the flow does.
    """
    args, kwargs = flow.shape.unbind(flow.shape.fill(parameters or {}))
    options = {"wait_for": wait_for, "return_state": return_type == "state"}
    return call_flow(flow, args, {**kwargs, **options})


def run_flow_sync(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """As `run_flow`, for a synchronous flow."""
    return run_flow(flow, parameters, wait_for, return_type)


async def run_flow_async(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """As `run_flow`, for an asynchronous flow."""
    return await run_flow(flow, parameters, wait_for, return_type)
