"""What a run's life asks its driver to do, besides the commands of `headrace.drivers`.

Everything in it that takes time is a command, so that the lifecycle itself is written once:
`perform` does it in a thread, `perform_async` in a coroutine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.engine.timeouts import Expired, call_within, limit_async
from headrace.exceptions import RunTimedOut, TaskRunTimeoutError
from headrace.futures import wait_async
from headrace.threads import CALLERS

if TYPE_CHECKING:
    from headrace.futures import HeadraceFuture


class Call:
    """Call the user's function, within `timeout` seconds; `expired` tells that they were over.

    Then `failure` is raised.
    """

    __slots__ = ("args", "expired", "failure", "function", "kwargs", "timeout")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        timeout: float | None,
        failure: type[RunTimedOut] = TaskRunTimeoutError,
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.timeout = timeout
        self.failure = failure
        self.expired = False

    def perform(self) -> object:
        if self.timeout is None:
            return self.function(*self.args, **self.kwargs)
        try:
            function = functools.partial(self.function, *self.args, **self.kwargs)
            return call_within(self, function, self.timeout)
        except BaseException as error:
            self._tell_of_timeout(error)
            raise

    async def perform_async(self) -> object:
        if self.timeout is None:
            return await self.function(*self.args, **self.kwargs)
        try:
            async with limit_async(self, self.timeout):
                return await self.function(*self.args, **self.kwargs)
        except BaseException as error:
            self._tell_of_timeout(error)
            raise

    def _tell_of_timeout(self, error: BaseException) -> None:
        """Raise `failure` if `error` came of the end of this call's time, not of another's."""
        if not self.expired:
            return
        told = self.failure(f"Scope timed out after {self.timeout} second(s).")
        if isinstance(error, Expired) and error.call is self:
            raise told.with_traceback(error.__traceback__) from None
        if isinstance(error, Exception):  # raised on the way out, by somebody's `finally` perhaps
            raise told from error


CALLERS.add(Call.perform.__code__)


class CallFlow(Call):
    """Call a flow's function; a coroutine that a synchronous one returns is run for its value."""

    __slots__ = ()

    def perform(self) -> object:
        value = super().perform()
        if not isinstance(value, Coroutine):
            return value
        from headrace.utilities.asyncutils import run_coro_as_sync

        return run_coro_as_sync(value)


class WaitFor:
    """Wait until all of `futures` have ended."""

    __slots__ = ("futures",)

    def __init__(self, futures: Sequence[HeadraceFuture[Any]]) -> None:
        self.futures = futures

    def perform(self) -> None:
        for future in self.futures:
            future.ends_within(None)

    async def perform_async(self) -> None:
        await wait_async(self.futures)
