"""An event loop in a thread, for clients that have none or must not use theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import TypeVar

from headrace.utilities.loops import LoopThread

T = TypeVar("T")


class Portal(LoopThread):
    """A loop that also iterates over what coroutines yield."""

    def __init__(self) -> None:
        super().__init__("headrace-client")

    def iterate(self, source: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """What an asynchronous generator yields; to close it closes the source.

        Whoever waits for the next value can be interrupted, as by Ctrl-C.
        """
        taking = asyncio.Lock()  # so that the source is not closed in the middle of a step

        async def step() -> tuple[T] | None:
            async with taking:
                async for value in source:
                    return (value,)
                return None

        async def end() -> None:
            async with taking:
                await source.aclose()

        taken = self.start(step())
        try:
            while (found := taken.result()) is not None:
                yield found[0]
                taken = self.start(step())
        finally:
            taken.cancel()
            self.call(end())
