"""The two drivers: they perform what a lifecycle asks for, and give it back what came of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from headrace.engine.commands import Command

T = TypeVar("T")

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
