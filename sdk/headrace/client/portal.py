"""An event loop in a thread, for callers that have none or must not use theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Portal:
    """Runs coroutines to their end, whoever calls and from wherever."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="headrace-client", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result."""
        return self.start(coroutine).result()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin with a coroutine; its result is the future's."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

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

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
