"""The states that returned values mean."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from headrace.records import StateType, now_micros
from headrace.states.state import State, is_state_iterable

if TYPE_CHECKING:
    from headrace.client.schemas.actions import StateCreate


def state_of(value: object, now: int) -> State[Any]:
    """The final state of a run that returned `value` at `now` (microseconds since 1970).

    A state that its code made itself is taken as it is. States of other runs, one or several in a
    list, tuple or set, all have to be completed. Any other value completes the run.
    """
    if isinstance(value, State) and value.is_final() and not value.has_run:
        return State(value.type, value.name, value.message, value.data, now)
    if isinstance(value, State) and value.has_run:
        return _summary([value], value, now)
    if is_state_iterable(value):
        return _summary(list(value), value, now)
    return State(StateType.COMPLETED, "Completed", None, value, now)


async def return_value_to_state(
    retval: Any,
    result_store: Any = None,
    key: str | None = None,
    expiration: datetime.datetime | None = None,
    write_result: bool = False,
) -> State[Any]:
    """The final state of a run that returned `retval`, in which there are no futures.

    Args:
        retval: the value.
        result_store: the `ResultStore` for the result.
        key: what to keep the result under; by default a new key.
        expiration: until when it counts.
        write_result: whether to keep it now.
    """
    state = state_of(retval, now_micros())
    state.has_data = True
    if write_result:
        await result_store.awrite(state.data, key=key, expiration=expiration)
    return state


def to_state_create(state: State[Any]) -> StateCreate:
    """What a client sends so that a run enters `state`; its data stays here."""
    from headrace.client.schemas.actions import StateCreate  # few programs ask for it

    return StateCreate(type=state.type, name=state.name, message=state.message)


def _summary(states: list[State[Any]], value: object, now: int) -> State[Any]:
    """The state that several states come to together; its data is the value that holds them."""
    from headrace.states.groups import StateGroup  # few flows return states

    group = StateGroup(states)
    kind, message = StateType.FAILED, f"{group.fail_count}/{group.total_count} states failed."
    if group.all_completed():
        kind, message = StateType.COMPLETED, "All states completed."
    elif group.any_cancelled():
        kind = StateType.CANCELLED
        message = f"{group.cancelled_count}/{group.total_count} states cancelled."
    elif group.any_paused():
        message = f"{group.paused_count}/{group.total_count} states paused."
    elif not group.any_failed():
        message = f"{group.not_final_count}/{group.total_count} states are not final."
    return State(kind, None, message, value, now)
