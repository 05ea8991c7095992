"""The two drivers: they perform what a lifecycle asks for, and give it back what came of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Command(Protocol):
    """One thing to do; what comes of it, or what it raises, is given back to the lifecycle."""

    def perform(self) -> object:
        """Do it, holding up this thread."""

    async def perform_async(self) -> object:
        """Do it without holding up the event loop."""


#: A run's life: it yields commands, is sent their outcomes, and returns `T`.
Lifecycle = Generator[Command, Any, T]


def drive(steps: Lifecycle[T]) -> T:
    """Run a lifecycle in this thread."""
    try:
        command = next(steps)
        while True:
            try:
                outcome = command.perform()
            except BaseException as error:  # all of them: the lifecycle records what ended the run
                command = steps.throw(error)
            else:
                command = steps.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive_async(steps: Lifecycle[T]) -> T:
    """Run a lifecycle in this coroutine."""
    try:
        command = next(steps)
        while True:
            try:
                outcome = await command.perform_async()
            except BaseException as error:  # cancellation included
                command = steps.throw(error)
            else:
                command = steps.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result


class Ask:
    """Call a function of the user's, such as a hook, which may be a coroutine function."""

    __slots__ = ("args", "function")

    def __init__(self, function: Callable[..., Any], *args: object) -> None:
        self.function = function
        self.args = args

    def perform(self) -> object:
        result = self.function(*self.args)
        if isinstance(result, Coroutine):
            from headrace.utilities.asyncutils import run_coro_as_sync  # most are none

            return run_coro_as_sync(result)
        return result

    async def perform_async(self) -> object:
        result = self.function(*self.args)
        return await result if isinstance(result, Coroutine) else result


class Work:
    """Call a function that may take long; in a coroutine, another thread calls it."""

    __slots__ = ("args", "function")

    def __init__(self, function: Callable[..., Any], *args: object) -> None:
        self.function = function
        self.args = args

    def perform(self) -> object:
        return self.function(*self.args)

    async def perform_async(self) -> object:
        from headrace.utilities.asyncutils import run_sync_in_worker_thread

        return await run_sync_in_worker_thread(self.function, *self.args)


class Either:
    """Call a function, or in a coroutine its asynchronous form."""

    __slots__ = ("aio", "args", "function")

    def __init__(
        self,
        function: Callable[..., Any],
        aio: Callable[..., Coroutine[Any, Any, Any]],
        *args: object,
    ) -> None:
        self.function = function
        self.aio = aio
        self.args = args

    def perform(self) -> object:
        return self.function(*self.args)

    async def perform_async(self) -> object:
        return await self.aio(*self.args)
