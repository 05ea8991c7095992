"""Flow runs that wait: paused until somebody resumes them, with or without an input.

@flow
def release(version: str):
    approval = pause_flow_run(wait_for_input=Approval, timeout=3600)
    if approval.approve:
        publish(version)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from headrace.client import AsyncClient, operations, run_operations, work
from headrace.client.shared import ask
from headrace.context import LiveFlowRun, LiveTaskRun, current_clock
from headrace.exceptions import (
    CancelledRun,
    CursorExpired,
    FlowPauseTimeout,
    FlowRunWaitTimeout,
    NotPausedError,
    ObjectNotFound,
    Pause,
    ServiceError,
)
from headrace.ids import new_id
from headrace.input.actions import settle
from headrace.logging import get_logger, logger_of
from headrace.records import StateChange, StateType
from headrace.states import State
from headrace.utilities.asyncutils import dispatched

if TYPE_CHECKING:
    from headrace.context import Clock
    from headrace.engine.flow_run import FlowRun
    from headrace.input.keysets import Keyset

_FOLLOW = """
subscription ($after: Cursor, $ids: [ID!]) {
  flowRuns(after: $after, filter: {flowRunIds: $ids}) { cursor events { state { type name } } }
}
"""

#: Seconds for which a paused run that is cancelled waits for its worker to end it.
WORKER_PATIENCE = 10.0

_STOPPED = ("CANCELLING", "CANCELLED")


async def apause_flow_run(
    wait_for_input: Any = None,
    timeout: float = 3600,
    poll_interval: float = 10,
    key: str | None = None,
) -> Any:
    """Pause the flow run that this code runs in until somebody resumes it.

    Its tasks that are running go on; its own code waits here. A run that begins anew in another
    process passes the calls that it has passed before, with the same inputs.

    Args:
        wait_for_input: a `RunInput`, a pydantic model or another type, to be given by who resumes.
        timeout: for how many seconds at most.
        poll_interval: has no effect, since the run is told at once; programs written for Prefect
            give it.
        key: names this pause; by default its number among the run's pauses.

    Returns:
        The input, if one was asked for.

    Raises:
        FlowPauseTimeout: nobody resumed it in time. The flow may catch it and see to what is left
            to do; its run fails all the same.
        CancelledRun: it was cancelled while it was paused.
        RuntimeError: this code runs in no flow run.
    """
    _check(timeout)
    run = _flow_run_here("paused")
    expected, keyset = _expected(wait_for_input, "paused", _next_key(run, key))
    if await _was_passed(run, keyset):
        return await _given(run, expected, keyset)
    logger = logger_of(run)
    logger.info("Pausing flow, execution will continue when this flow run is resumed.")
    cursor = (await ask(operations.server_info()))["feedCursor"]
    await _announce(run.id, expected, keyset)
    run.enter(StateType.PAUSED, "Paused")
    await settle()
    state = await _state_after_pause(run, cursor, timeout)
    if state is None:
        run.enter(StateType.RUNNING, "Running")
        run.pause_expired = True
        raise FlowPauseTimeout("Flow run was paused and never resumed.")
    if state in _STOPPED:
        if run.root.assignment is not None:  # its worker ends it, unless that is gone
            await run.clock.sleep_async(WORKER_PATIENCE)
        run.cancel()
        await settle()  # the answer tells which runs around it are cancelled, too
        raise CancelledRun("Flow run was cancelled while it was paused.")
    # Whoever resumed it has recorded that it runs.
    run.change = StateChange(StateType.RUNNING, "Running", run.clock.now(), None, run.run_count)
    logger.info("Resuming flow run execution!")
    return await _given(run, expected, keyset)


async def asuspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: UUID | None = None,
    timeout: float | None = 3600,
    key: str | None = None,
    client: object = None,
) -> Any:
    """End the process of a flow run; it starts anew when it is resumed.

    The flow's function runs from its beginning then. A run that suspends itself passes the call
    that it has passed before: tasks whose results are kept (`persist_result=True`) are not run
    again.

    Args:
        wait_for_input: as in `pause_flow_run`.
        flow_run_id: the run; by default, and else, that in which this code runs.
        timeout: for how many seconds at most: a run that nobody has resumed by then has failed.
            None for as long as it takes.
        key: names this call; by default its number among the run's pauses.
        client: has no effect; programs written for Prefect give it.

    Returns:
        The input, if this run asked for one, once it was resumed. None for another run.

    Raises:
        RuntimeError: this code runs in no flow run, and none is named; or the run cannot be
            suspended: it has no deployment, so that nobody would start it again, or it is not
            running.
        ObjectNotFound: there is no such run.
    """
    _check(timeout)
    here = LiveFlowRun.get()
    if flow_run_id is not None and (here is None or here.id != flow_run_id):
        await _suspend_other(flow_run_id, wait_for_input, timeout, key)
        return None
    if LiveTaskRun.get() is not None:
        raise RuntimeError("Cannot suspend task runs.")
    run = _flow_run_here("suspended")
    expected, keyset = _expected(wait_for_input, "suspended", _next_key(run, key))
    if run.deployment_id is None:
        raise RuntimeError(
            "Flow run cannot be suspended: Cannot suspend flows without a deployment."
        )
    if await _was_passed(run, keyset):
        return await _given(run, expected, keyset)
    logger_of(run).info(
        "Suspending flow run, execution will be rescheduled when this flow run is resumed."
    )
    await _announce(run.id, expected, keyset, _until(run.clock, timeout))
    raise Pause(state=State(StateType.PAUSED, "Suspended"))


async def aresume_flow_run(flow_run_id: UUID, run_input: Mapping[str, Any] | None = None) -> None:
    """Let a paused or suspended flow run go on.

    Args:
        flow_run_id: the run.
        run_input: the values of the fields that it waits for.

    Raises:
        NotPausedError: it is not paused.
        ObjectNotFound: there is no such run.
        RuntimeError: the input does not fit; the run stays paused.
    """
    await settle()
    try:
        await ask(operations.resume_flow_run(flow_run_id, run_input))
    except ServiceError as error:
        if error.code == "NotFound":
            raise ObjectNotFound(error, str(error)) from None
        if error.code == "Conflict":
            raise NotPausedError("Cannot resume a run that isn't paused!") from None
        part = (error.field or "").partition(".")[2]
        where = f" for field {part!r}" if part else ""
        raise RuntimeError(
            f"Cannot resume this run: Reason: Validation failed{where}. Failure reason: {error}"
        ) from None


#: `apause_flow_run` and its like for any code; in asynchronous code they have to be awaited.
pause_flow_run = dispatched(apause_flow_run)
suspend_flow_run = dispatched(asuspend_flow_run)
resume_flow_run = dispatched(aresume_flow_run)


def _check(timeout: float | None) -> None:
    if timeout is not None and timeout < 0:
        raise ValueError(f"'timeout' must be a non-negative number, got {timeout}")


def _flow_run_here(what: str) -> FlowRun:
    run = LiveFlowRun.get()
    if run is None:
        raise RuntimeError(f"Flow runs can only be {what} from within a flow run.")
    return cast("FlowRun", run)


def _next_key(run: FlowRun, key: str | None) -> str:
    run.pauses += 1
    return key or str(run.pauses)


def _expected(wait_for_input: Any, kind: str, key: str) -> tuple[Any, Keyset]:
    """The form of the input, if one is wanted, and the keys that it is kept under."""
    from headrace.input.keysets import keyset_from_base_key

    keyset = keyset_from_base_key(f"{kind}-{key}")
    if wait_for_input is None:
        return None, keyset
    from headrace.input.run_input import run_input_subclass_from_type  # loads pydantic

    return run_input_subclass_from_type(wait_for_input), keyset


async def _suspend_other(
    flow_run_id: UUID, wait_for_input: Any, timeout: float | None, key: str | None
) -> None:
    expected, keyset = _expected(wait_for_input, "suspended", key or str(new_id()))
    await settle()
    try:
        await ask(work.suspend_flow_run(flow_run_id, timeout))
    except ServiceError as error:
        if error.code == "NotFound":
            raise ObjectNotFound(error, str(error)) from None
        raise RuntimeError(f"Flow run cannot be suspended: {error}") from None
    if expected is not None:
        await _announce(flow_run_id, expected, keyset, _until(current_clock(), timeout))


def _until(clock: Clock, timeout: float | None) -> int | None:
    """When a suspended run fails, in microseconds since 1970."""
    return None if timeout is None else clock.now() + int(timeout * 1e6)


async def _announce(
    flow_run_id: UUID, expected: Any, keyset: Keyset, until: int | None = None
) -> None:
    """Say what a run waits for, so that whoever resumes it can be told what does not fit."""
    await settle()
    schema = None
    if expected is not None:
        schema = expected.model_json_schema()
        # An earlier process that ended before it was answered may have left the same.
        await _keep(flow_run_id, keyset["schema"], schema)
        if expected._description is not None:
            await _keep(flow_run_id, keyset["description"], expected._description)
    waits_for = {"response": keyset["response"], "schema": schema, "until": until}
    await _keep(flow_run_id, "pause", waits_for)


async def _keep(flow_run_id: UUID, key: str, value: object) -> None:
    await ask(operations.create_flow_run_input(flow_run_id, key, value, replace=True))


async def _given(run: FlowRun, expected: Any, keyset: Keyset) -> Any:
    """The input that a run was resumed with; None if it wants none."""
    return None if expected is None else await expected.aload(keyset, run.id)


async def _was_passed(run: FlowRun, keyset: Keyset) -> bool:
    """Whether an earlier process of this run has waited here, and was resumed."""
    return await ask(operations.flow_run_input(run.id, keyset["response"])) is not None


async def _state_after_pause(run: FlowRun, cursor: str, timeout: float) -> str | None:
    """The type of the state that the run enters once it is no longer paused; None: not in time."""

    async def follow() -> str:
        variables = {"after": cursor, "ids": [str(run.id)]}
        async with (
            AsyncClient() as client,
            aclosing(client.subscribe(_FOLLOW, variables)) as messages,
        ):
            paused = False
            async for message in messages:
                for event in message["flowRuns"]["events"]:
                    state: str = event["state"]["type"]
                    if paused and state != "PAUSED":
                        return state
                    paused = paused or state == "PAUSED"
        raise ServiceError("the service no longer tells what becomes of the run")

    following = asyncio.ensure_future(follow())
    waiting = asyncio.ensure_future(run.clock.sleep_async(timeout))
    try:
        await asyncio.wait((following, waiting), return_when=asyncio.FIRST_COMPLETED)
        return following.result() if following.done() else None
    finally:
        for unfinished in (following, waiting):
            unfinished.cancel()
        await asyncio.gather(following, waiting, return_exceptions=True)


async def wait_for_flow_run(
    flow_run_id: UUID,
    timeout: float | None = 10800,
    poll_interval: float | None = None,
    client: object = None,
    log_states: bool = False,
) -> Any:
    """Wait for the end of a flow run, wherever it runs.

    Args:
        flow_run_id: the run.
        timeout: for how many seconds at most; None for as long as it takes.
        poll_interval, client: have no effect, since the end is told at once; programs written for
            Prefect give them.
        log_states: whether to log each state that the run enters.

    Returns:
        The run (`headrace.client.schemas.objects.FlowRun`), which has ended.

    Raises:
        FlowRunWaitTimeout: it has not ended in time.
        ObjectNotFound: there is no such run.
    """
    try:
        async with asyncio.timeout(timeout), AsyncClient() as following:
            while True:
                cursor = (await following.server_info())["feedCursor"]
                run = await read_flow_run(following, flow_run_id)
                if run.state.is_final():
                    return run
                # When it was cut off for so long that its news are deleted, it looks again.
                with suppress(CursorExpired):
                    await _until_final(following, flow_run_id, cursor, log_states)
    except TimeoutError:
        raise FlowRunWaitTimeout(
            f"Flow run with ID {flow_run_id} exceeded watch timeout of {timeout} seconds"
        ) from None


async def read_flow_run(client: AsyncClient, flow_run_id: UUID) -> Any:
    """The flow run of that id, as it is now.

    Raises:
        ObjectNotFound: there is none.
    """
    from headrace.client.schemas import answers  # loads pydantic

    found = await client.perform(run_operations.flow_run(flow_run_id))
    if found is None:
        raise ObjectNotFound(None, f"there is no flow run {flow_run_id}")
    return answers.flow_run(found)


async def _until_final(
    client: AsyncClient, flow_run_id: UUID, cursor: str, log_states: bool
) -> None:
    watched = {"after": cursor, "ids": [str(flow_run_id)]}
    async with aclosing(client.subscribe(_FOLLOW, watched)) as messages:
        async for message in messages:
            for event in message["flowRuns"]["events"]:
                state = event["state"]
                if log_states:
                    get_logger("flow_runs").info("Flow run is in state %r", state["name"])
                if StateType(state["type"]).is_terminal:
                    return
