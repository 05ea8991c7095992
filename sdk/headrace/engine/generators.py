"""Generator functions as flows and tasks: runs that go on while somebody takes their items.

A call gives the items one by one, as the function yields them, and its run ends with the last, or
when nobody wants any more. Submitted, it runs by itself, and its result is the list of the items.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any, cast

from headrace.context import CURRENT_RUN, CURRENT_TRANSACTION, LiveRun
from headrace.engine.commands import Call
from headrace.engine.lifecycle import Run, lifecycle

if TYPE_CHECKING:
    from headrace.definitions import Definition
    from headrace.transactions import BaseTransaction


def collected(definition: Definition) -> Callable[..., Any]:
    """The function of a flow or task; if it is a generator function, one that returns a list."""
    function = definition.function
    if not definition.isgenerator:
        return function
    if not definition.isasync:
        return lambda *args, **kwargs: list(function(*args, **kwargs))

    async def collect(*args: Any, **kwargs: Any) -> list[Any]:
        return [item async for item in function(*args, **kwargs)]

    return collect


def drive_generator(run: Run, function: Callable[..., Any]) -> Generator[Any, Any, Any]:
    """Run the lifecycle of a generator function, and yield what it yields."""
    place = _Place(cast(LiveRun, run))
    steps = lifecycle(run)
    place.enter()
    outcome: Any = None
    error: BaseException | None = None
    wanted = True
    try:
        while True:
            command = steps.send(outcome) if error is None else steps.throw(error)
            outcome = error = None
            try:
                if not isinstance(command, Call):
                    outcome = command.perform()
                elif wanted:
                    items = function(*command.args, **command.kwargs)
                    outcome = yield from place.items(items)
            except GeneratorExit:
                # Nobody wants the rest: the run has ended well, and its last steps follow.
                wanted = False
            except BaseException as raised:
                error = raised
    except StopIteration as end:
        state = end.value
    finally:
        place.leave()
    if not wanted:
        return None
    return state.outcome()


async def drive_async_generator(run: Run, function: Callable[..., Any]) -> AsyncGenerator[Any, Any]:
    """Run the lifecycle of an asynchronous generator function, and yield what it yields."""
    place = _Place(cast(LiveRun, run))
    steps = lifecycle(run)
    place.enter()
    outcome: Any = None
    error: BaseException | None = None
    wanted = True
    try:
        while True:
            command = steps.send(outcome) if error is None else steps.throw(error)
            outcome = error = None
            try:
                if not isinstance(command, Call):
                    outcome = await command.perform_async()
                elif wanted:
                    items = place.items_async(function(*command.args, **command.kwargs))
                    try:
                        async for item in items:
                            yield item
                    finally:
                        await items.aclose()
            except GeneratorExit:
                wanted = False
            except BaseException as raised:
                error = raised
    except StopIteration as end:
        state = end.value
    finally:
        place.leave()
    if wanted:
        state.outcome()


class _Place:
    """Where a generator's code runs: within its run; and who takes its items: outside of it.

    Both share one context, so that the current run and transaction are exchanged at every step.
    """

    __slots__ = ("_outside", "_run", "_transaction")

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self._transaction = CURRENT_TRANSACTION.get()
        self._outside: tuple[LiveRun | None, BaseTransaction | None] = (None, None)

    def enter(self) -> None:
        self._outside = CURRENT_RUN.get(), CURRENT_TRANSACTION.get()
        CURRENT_RUN.set(self._run)
        CURRENT_TRANSACTION.set(self._transaction)

    def leave(self) -> None:
        self._transaction = CURRENT_TRANSACTION.get()
        run, transaction = self._outside
        CURRENT_RUN.set(run)
        CURRENT_TRANSACTION.set(transaction)

    def items(self, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """What `generator` yields; returns what it returns."""
        sent: Any = None
        try:
            while True:
                try:
                    item = generator.send(sent)
                except StopIteration as end:
                    return end.value
                self.leave()
                try:
                    sent = yield item
                finally:
                    self.enter()
        finally:
            generator.close()

    async def items_async(self, generator: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
        """What `generator` yields."""
        sent: Any = None
        try:
            while True:
                try:
                    item = await generator.asend(sent)
                except StopAsyncIteration:
                    return
                self.leave()
                try:
                    sent = yield item
                finally:
                    self.enter()
        finally:
            await generator.aclose()
