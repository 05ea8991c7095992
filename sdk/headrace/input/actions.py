"""The inputs of flow runs as the ledger keeps them: create, read, look for, delete.

Each function is there twice: `create_flow_run_input` is for any code, and in asynchronous code has
to be awaited; `acreate_flow_run_input` is always a coroutine function.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from headrace.client import operations
from headrace.client.shared import ask
from headrace.context import LiveFlowRun
from headrace.exceptions import ObjectAlreadyExists, ObjectNotFound, ServiceError
from headrace.utilities.asyncutils import dispatched

if TYPE_CHECKING:
    import pydantic

#: How many inputs one question is answered with at most.
MAX_INPUTS = 200


class FlowRunInput(msgspec.Struct, frozen=True):
    """Something that was given to a flow run, under a key of its own."""

    flow_run_id: UUID
    key: str
    value: Any
    sender: str | None = None

    @property
    def decoded_value(self) -> Any:
        """What was given."""
        return self.value


def ensure_flow_run_id(flow_run_id: UUID | None = None) -> UUID:
    """The id given, or that of the flow run that this code runs in.

    Raises:
        RuntimeError: there is neither.
    """
    if flow_run_id is not None:
        return flow_run_id
    here = LiveFlowRun.get()
    if here is None:
        raise RuntimeError("Must either provide a flow run ID or be within a flow run.")
    return here.id


async def settle() -> None:
    """See everything that this code's run has recorded in the ledger, before others ask for it."""
    here = LiveFlowRun.get()
    if here is not None:
        environment = here.environment
        timeout = environment.settings.settle_timeout
        await asyncio.to_thread(environment.recorder.flush, timeout)


async def acreate_flow_run_input(
    key: str, value: Any, flow_run_id: UUID | None = None, sender: str | None = None
) -> None:
    """Give a flow run something.

    Args:
        key: under which it is given; a run has one input of a key at most.
        value: anything that JSON can hold.
        flow_run_id: the run; by default the one that this code runs in.
        sender: who gives it; by default this code's flow run, if there is one.

    Raises:
        ObjectNotFound: there is no such run.
        ObjectAlreadyExists: it has an input of that key.
        RuntimeError: no run was given, and there is none here.
    """
    here = LiveFlowRun.get()
    if sender is None and here is not None:
        sender = f"headrace.flow-run.{here.id}"
    await settle()
    run_id = ensure_flow_run_id(flow_run_id)
    try:
        await ask(operations.create_flow_run_input(run_id, key, value, sender))
    except ServiceError as error:
        if error.code == "NotFound":
            raise ObjectNotFound(error, str(error)) from None
        if error.code == "Conflict":
            raise ObjectAlreadyExists(error) from None
        raise


async def acreate_flow_run_input_from_model(
    key: str,
    model_instance: pydantic.BaseModel,
    flow_run_id: UUID | None = None,
    sender: str | None = None,
) -> None:
    """Give a flow run the fields of a pydantic model; see `create_flow_run_input`."""
    value = model_instance.model_dump(mode="json")
    await acreate_flow_run_input(key, value, flow_run_id, sender)


async def aread_flow_run_input(key: str, flow_run_id: UUID | None = None) -> Any:
    """What a flow run was given under `key`; None if it was given nothing."""
    await settle()
    found = await ask(operations.flow_run_input(ensure_flow_run_id(flow_run_id), key))
    return None if found is None else found["value"]


async def afilter_flow_run_input(
    key_prefix: str,
    limit: int = 1,
    exclude_keys: Collection[str] | None = None,
    flow_run_id: UUID | None = None,
) -> list[FlowRunInput]:
    """What a flow run was given under keys that begin with `key_prefix`, the oldest first.

    Args:
        key_prefix: how the keys begin.
        limit: how many at most.
        exclude_keys: keys to leave out.
        flow_run_id: the run; by default the one that this code runs in.
    """
    run_id = ensure_flow_run_id(flow_run_id)
    excluded = set(exclude_keys or ())
    await settle()
    most = min(limit + len(excluded), MAX_INPUTS)
    found = await ask(operations.flow_run_inputs(run_id, key_prefix, most))
    wanted = [given for given in found if given["key"] not in excluded][:limit]
    return [FlowRunInput(run_id, g["key"], g["value"], g["sender"]) for g in wanted]


async def adelete_flow_run_input(key: str, flow_run_id: UUID | None = None) -> None:
    """Take back what a flow run was given under `key`, if it was given anything."""
    await ask(operations.delete_flow_run_input(ensure_flow_run_id(flow_run_id), key))


create_flow_run_input = dispatched(acreate_flow_run_input)
create_flow_run_input_from_model = dispatched(acreate_flow_run_input_from_model)
read_flow_run_input = dispatched(aread_flow_run_input)
filter_flow_run_input = dispatched(afilter_flow_run_input)
delete_flow_run_input = dispatched(adelete_flow_run_input)
