"""Futures of task runs that are executed elsewhere: the ledger tells of their ends.

Those that are waited for since the last look are followed together: first it is asked which have
ended already, then the feed tells of the others.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from headrace.client import AsyncClient, background, run_operations
from headrace.client.shared import ask
from headrace.exceptions import ObjectNotFound, ServiceError, ServiceUnreachable
from headrace.futures import HeadraceFuture
from headrace.logging import get_logger
from headrace.records import TERMINAL_STATES
from headrace.states import Crashed, State
from headrace.utilities.asyncutils import run_coro_as_sync, start_in_shared_loop

if TYPE_CHECKING:
    from headrace.context import LiveTaskRun

R = TypeVar("R", covariant=True)

#: Seconds until it is tried again to follow runs when the service refuses or does not answer.
RETRY = 1.0
#: Task runs in one question.
CHUNK = 200

_ENDS = sorted(each.value for each in TERMINAL_STATES)

_lock = threading.Lock()
_unfollowed: list[HeadraceDistributedFuture[Any]] = []


class _RunElsewhere:
    """What is known here of a task run that is executed elsewhere."""

    __slots__ = ("flow_run", "id", "name", "state", "upstream")

    def __init__(self, task_run_id: UUID, name: str) -> None:
        self.id = task_run_id
        self.name = name
        self.flow_run = self.state = self.upstream = None


class HeadraceDistributedFuture(HeadraceFuture[R]):
    """A task run that some task worker executes. It can be pickled, and used in other processes.

    Args:
        task_run_id: the run.
        name: the run's name, for messages.
    """

    __slots__ = ("_followed_by",)

    def __init__(self, task_run_id: UUID, name: str = "") -> None:
        super().__init__(cast("LiveTaskRun", _RunElsewhere(task_run_id, name)))
        #: The process that follows the run.
        self._followed_by: int | None = None

    @property
    def state(self) -> State[Any]:
        """The state that the task run is in, as the ledger has it.

        Raises:
            ObjectNotFound: there is no such run.
            ServiceError: the service answered with an error.
        """
        if self._state is None:
            found = run_coro_as_sync(ask(run_operations.task_run(self.task_run_id)))
            if found is None:
                raise ObjectNotFound(None, f"there is no task run {self.task_run_id}")
            state = _state_of(found)
            if not state.is_final():
                return state
            self.settle(state)
        return cast("State[Any]", self._state)

    def add_done_callback(self, callback: Callable[[HeadraceFuture[R]], object]) -> None:
        """Call `callback(future)` once the task run has ended; see `HeadraceFuture`."""
        super().add_done_callback(callback)
        self._follow()

    def ends_within(self, timeout: float | None) -> bool:
        self._follow()
        return super().ends_within(timeout)

    def _follow(self) -> None:
        """Let the future be settled once the ledger says that its run has ended."""
        with _lock:
            if self.done() or self._followed_by == os.getpid():
                return
            self._followed_by = os.getpid()
            _unfollowed.append(self)
            if len(_unfollowed) > 1:
                return  # it is taken along
        start_in_shared_loop(_follow_new())

    def _call(self, callback: Callable[[HeadraceFuture[R]], object]) -> None:
        try:
            callback(self)
        except Exception:  # somebody else's code, in a thread that has other work to do
            get_logger("futures").exception("A callback of a task run's future raised")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HeadraceDistributedFuture):
            return NotImplemented
        return self.task_run_id == other.task_run_id

    def __hash__(self) -> int:
        return hash(self.task_run_id)

    def __reduce__(self) -> tuple[type, tuple[UUID, str]]:
        return type(self), (self.task_run_id, self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.task_run_id)!r})"


async def _follow_new() -> None:
    """Follow the futures that came together until all are settled."""
    with _lock:
        futures = list(_unfollowed)
        _unfollowed.clear()
    waiting: dict[str, list[HeadraceDistributedFuture[Any]]] = {}
    for future in futures:
        waiting.setdefault(str(future.task_run_id), []).append(future)
    while waiting:
        try:
            async with AsyncClient() as client:
                await _follow_with(client, waiting)
        except (ServiceError, ServiceUnreachable) as error:
            get_logger("futures").warning("%s; trying again", error)
            await asyncio.sleep(RETRY)


async def _follow_with(
    client: AsyncClient, waiting: dict[str, list[HeadraceDistributedFuture[Any]]]
) -> None:
    cursor = (await client.server_info())["feedCursor"]
    await _settle_ended(client, waiting, list(waiting))
    if not waiting:
        return
    variables = {"after": cursor, "ids": list(waiting), "states": _ENDS}
    async with aclosing(client.subscribe(background.FOLLOW, variables)) as messages:
        async for message in messages:
            ended = {event["taskRunId"] for event in message["taskRuns"]["events"]}
            await _settle_ended(client, waiting, ended & waiting.keys())
            if not waiting:
                return


async def _settle_ended(
    client: AsyncClient,
    waiting: dict[str, list[HeadraceDistributedFuture[Any]]],
    run_ids: Iterable[str],
) -> None:
    """Settle the futures of those of the runs that have ended, or are gone."""
    loop = asyncio.get_running_loop()
    asked = list(run_ids)
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        question = run_operations.search_task_runs({"ids": chunk}, None, "NEWEST", CHUNK, 0)
        found = {each["id"]: _state_of(each) for each in await client.perform(question)}
        for run_id in chunk:
            state = found.get(run_id)
            if state is None:
                state = Crashed(f"There is no task run {run_id}: it was deleted")
            if state.is_final():
                for future in waiting.pop(run_id):
                    # Its callbacks, which may wait for what this loop does, are called elsewhere.
                    loop.run_in_executor(None, future.settle, state)


def _state_of(found: dict[str, Any]) -> State[Any]:
    from headrace.client.schemas import answers  # slow to load

    return answers.state(found["state"], task_run_id=UUID(found["id"]))


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    _unfollowed.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
