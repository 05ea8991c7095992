"""Looking for what others send to a flow run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import Any, Self
from uuid import UUID

from headrace.input.actions import afilter_flow_run_input, ensure_flow_run_id
from headrace.input.run_input import AutomaticRunInput, RunInput, auto_prefix
from headrace.utilities.asyncutils import dispatch, run_coro_as_sync

#: Seconds between two looks, whatever longer time a program asks for: a look costs little.
MAX_INTERVAL = 0.5


class GetInputHandler:
    """The inputs of one form that a flow run is sent, one after the other.

    Iterate over it, by `for` or `async for`, or ask for the `next()`. See `receive_input` for the
    arguments.
    """

    def __init__(
        self,
        run_input_cls: type[RunInput] | type[AutomaticRunInput[Any]],
        timeout: float | None = 3600,
        poll_interval: float = 10,
        raise_timeout_error: bool = False,
        exclude_keys: Collection[str] | None = None,
        key_prefix: str | None = None,
        flow_run_id: UUID | None = None,
        with_metadata: bool = False,
    ) -> None:
        self.run_input_cls = run_input_cls
        self.timeout = timeout
        self.poll_interval = min(poll_interval, MAX_INTERVAL)
        self.raise_timeout_error = raise_timeout_error
        self.exclude_keys = set(exclude_keys or ())
        self.key_prefix = key_prefix or auto_prefix(run_input_cls)
        self.flow_run_id = ensure_flow_run_id(flow_run_id)
        self.with_metadata = with_metadata

    def next(self) -> Any:
        """The next input, for any code: in asynchronous code it has to be awaited.

        Raises:
            TimeoutError: none came in time.
        """
        return dispatch(self.anext())

    async def anext(self) -> Any:
        """The next input.

        Raises:
            TimeoutError: none came in time.
        """
        end = None if self.timeout is None else time.monotonic() + self.timeout
        while True:
            found = await afilter_flow_run_input(
                self.key_prefix, 1, self.exclude_keys, self.flow_run_id
            )
            if found:
                self.exclude_keys.add(found[0].key)
                given = self.run_input_cls.load_from_flow_run_input(found[0])
                if isinstance(given, AutomaticRunInput) and not self.with_metadata:
                    return given.value
                return given
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("Timed out waiting for input")
            await asyncio.sleep(
                self.poll_interval if left is None else min(self.poll_interval, left)
            )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return run_coro_as_sync(self.anext())
        except TimeoutError:
            if self.raise_timeout_error:
                raise
            raise StopIteration from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.anext()
        except TimeoutError:
            if self.raise_timeout_error:
                raise
            raise StopAsyncIteration from None
