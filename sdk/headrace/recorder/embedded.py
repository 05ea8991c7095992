"""Without a service: its ledger and its schema in this process, on a file shared with others.

The one module of the SDK that imports the service, and only when somebody needs it.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec

from headrace.exceptions import HomeUnusable, InvalidSetting, ServiceTooOld, SetupError
from headrace.recorder.transport import (
    NotGiven,
    StreamGap,
    TransportAway,
    TransportRefused,
    TransportStumbled,
)
from headrace.records import (
    BatchAck,
    ProcessInfo,
    RunClaim,
    SlotAnswer,
    SlotRequest,
    StateType,
    now_micros,
)
from headrace.settings import ensure_ledger_folder, get_settings
from headrace.settings.files import with_file

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from headrace_service.ledger import Ledger
    from headrace_service.ledger.feed import Feed
    from headrace_service.ledger.waiting import Slots
    from headrace_service.loops.retention import Retention

T = TypeVar("T")

logger = logging.getLogger("headrace.recorder")

#: Seconds until a commit that does not come is asked for again: other processes write, too.
COMMIT_TIMEOUT = 30.0


class LedgerHandle:
    """One user's hold on the ledger at `place`: open while it is needed, closed for forks.

    Args:
        place: a SQLite file, or the address of a PostgreSQL database.
        on_close: called, in whichever thread, when the ledger is about to be closed.
        shared: whether to use the one open ledger that all who share it use in this process: one
            writer, so that they do not wait for one another's locks.
    """

    def __init__(
        self,
        place: Path | str,
        on_close: Callable[[], None] = lambda: None,
        *,
        shared: bool = False,
    ) -> None:
        self.place = place
        self._on_close = on_close
        self._shared = shared
        self._ledger: Ledger | None = None
        _handles.add(self)

    def get(self) -> Ledger:
        """The ledger, opened and created if need be. Do not keep it: a fork closes it.

        Raises:
            HomeUnusable: its folder or file cannot be used.
            ServiceTooOld: the file is of a version that this installation cannot use.
        """
        if self._ledger is None:
            with _forking:
                if self._ledger is None:
                    self._ledger = _join(self.place) if self._shared else _open(self.place)
        return self._ledger

    def holds(self, ledger: Ledger) -> bool:
        """Whether this is the ledger that is open, and not one that was closed since."""
        return self._ledger is ledger

    def close(self) -> None:
        """Commit what waits and close the file. A later `get` opens it again."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            self._on_close()
            if not self._shared or _leave(self.place):
                ledger.close()


_handles: weakref.WeakSet[LedgerHandle] = weakref.WeakSet()
_forking = threading.Lock()


class EmbeddedTransport:
    """Hands batches to the ledger at `place`, in this process."""

    def __init__(self, place: Path | str) -> None:
        self._handle = LedgerHandle(place, shared=True)

    @property
    def target(self) -> str:
        """The ledger's file, or its database."""
        place = self._handle.place
        if isinstance(place, Path):
            return place.as_uri()
        from headrace_service.ledger.database import without_password

        return without_password(place)

    def connect(self) -> None:
        """Open the ledger; see `Transport.connect`."""
        self._handle.get()

    def send(self, payload: bytes) -> BatchAck:
        """Append a batch and wait for the commit; see `Transport.send`."""
        from headrace_service.ledger import InvalidBatch, LedgerError, OutOfOrder

        try:
            return self._handle.get().append_value(payload).result(COMMIT_TIMEOUT)
        except OutOfOrder as error:
            raise StreamGap(str(error), error.expected) from None
        except InvalidBatch as error:
            where = f" ({error.field})" if error.field else ""
            raise TransportRefused(f"{error}{where}") from None
        except LedgerError as error:
            raise TransportAway(str(error)) from None
        except TimeoutError:
            raise TransportAway(f"no commit within {COMMIT_TIMEOUT:g} s") from None
        except SetupError:
            raise
        except Exception as error:  # a fault of the ledger's: it must not end the recorder
            raise TransportStumbled(f"{type(error).__name__}: {error}") from error

    def begin(self, claim: RunClaim, client_id: UUID, process: ProcessInfo) -> StateType:
        """Ask the ledger for a claimed run; see `Transport.begin`."""
        from headrace_service.ledger import LedgerError
        from headrace_service.ledger.beginning import begin
        from headrace_service.ledger.errors import Refused

        asked = self._handle.get().write(begin, claim, client_id, process, now_micros())
        try:
            return asked.result(COMMIT_TIMEOUT)
        except Refused as error:
            raise NotGiven(str(error)) from None
        except LedgerError as error:
            raise TransportAway(str(error)) from None
        except TimeoutError:
            raise TransportAway(f"no commit within {COMMIT_TIMEOUT:g} s") from None

    def close(self) -> None:
        """Let go of the ledger."""
        self._handle.close()


class EmbeddedSlots:
    """The slots of the concurrency limits in the ledger at `place`, asked for in this process.

    See `headrace.concurrency.slots.Slots`.
    """

    def __init__(self, place: Path | str) -> None:
        self._handle = LedgerHandle(place, shared=True)

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots."""
        return self._insist(lambda slots: slots.acquire(request))

    def release(self, lease_id: UUID) -> Future[list[UUID]]:
        """Give a lease back, or wait for it no more."""
        return self._insist(lambda slots: slots.release(lease_id))

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on."""
        return self._insist(lambda slots: slots.renew(leases))

    def close(self) -> None:
        """Let go of the ledger."""
        self._handle.close()

    def _insist(self, ask: Callable[[Slots], Future[T]]) -> Future[T]:
        from headrace_service.ledger import LedgerUnusable

        while True:
            ledger = self._handle.get()
            try:
                return ask(ledger.slots)
            except LedgerUnusable as error:
                if self._handle.holds(ledger):  # it was not closed for a fork
                    raise HomeUnusable(str(error)) from None


class EmbeddedSchema:
    """Executes GraphQL operations in this process, on the ledger at `place`.

    Answers have the shape that a service's have: `data` and, if there are any, `errors`. Belongs to
    the event loop in which it is first used.
    """

    def __init__(self, place: Path | str) -> None:
        self._handle = LedgerHandle(place, self._end_feed)
        self._feed: Feed | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._reaping: asyncio.Task[None] | None = None

    async def execute(
        self, query: str, variables: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """The answer to a query or mutation."""
        with _uncollected():
            from headrace_service.api.inprocess import execute, schema_for

            schema_for(query)
        given = msgspec.to_builtins(variables or {})  # as JSON would make them
        while True:
            ledger = self._handle.get()
            answer = await execute(ledger, query, given)
            if "errors" not in answer or self._handle.holds(ledger):
                return answer

    async def subscribe(
        self, query: str, variables: Mapping[str, object] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The answers of a subscription: until `close`, or until a fork closes the ledger.

        After a fork, subscribe again, after the last cursor.
        """
        with _uncollected():
            from headrace_service.api.inprocess import subscribe, whole_schema

            whole_schema()
        ledger = self._handle.get()
        await self._start_feed(ledger)
        given = msgspec.to_builtins(variables or {})
        try:
            async with aclosing(subscribe(ledger, query, given)) as answers:
                async for answer in answers:
                    if "errors" in answer and not self._handle.holds(ledger):
                        return
                    yield answer
        except Exception:
            if self._handle.holds(ledger):
                raise

    async def run_loops(self) -> None:
        """Do what a service does by the clock, until cancelled."""
        import asyncio

        from headrace_service.loops.automations import Automations
        from headrace_service.loops.scheduler import Scheduler

        loops = (Scheduler(self._handle.get), Automations(self._handle.get))
        more = [loop.run() for loop in self._retention()]
        await asyncio.gather(*(loop.run() for loop in loops), *more)

    def _retention(self) -> list[Retention]:
        """What deletes old runs, by a service's settings; nothing when these cannot be used."""
        from headrace_service.ledger.keep import Keep
        from headrace_service.loops.retention import Retention
        from headrace_service.settings import InvalidServiceSetting, read_service_settings

        try:
            settings = read_service_settings(with_file(os.environ))
        except (InvalidServiceSetting, InvalidSetting) as error:
            logger.error("nothing is deleted for its age: %s", error)
            return []
        keep = Keep.of(settings)
        return [Retention(self._handle.get, settings.retention_interval, keep=keep)]

    async def close(self) -> None:
        """End all subscriptions and let go of the ledger."""
        import asyncio

        feed, self._feed = self._feed, None
        if feed is not None:
            await feed.stop()
        if self._reaping is not None:
            self._reaping.cancel()
            await asyncio.gather(self._reaping, return_exceptions=True)
        self._handle.close()

    async def _start_feed(self, ledger: Ledger) -> None:
        import asyncio  # 30 ms that a script which only records does not pay

        if self._feed is not ledger.feed:
            self._loop = asyncio.get_running_loop()
            self._feed = ledger.feed
            await self._feed.start()
            self._reaping = asyncio.create_task(self._reap(ledger))

    async def _reap(self, ledger: Ledger) -> None:
        """Whoever watches the file sees to it that runs of dead processes do not look alive."""
        from headrace_service.loops.reaper import Reaper

        await Reaper(ledger, hears_all=False).run()

    def _end_feed(self) -> None:
        """The ledger is about to be closed: let the feed's subscribers know."""
        feed, self._feed = self._feed, None
        loop = self._loop
        if feed is None or loop is None:
            return

        def stop() -> None:
            task = loop.create_task(feed.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

        with suppress(RuntimeError):  # the loop has ended, and its subscriptions with it
            loop.call_soon_threadsafe(stop)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make no garbage collections: a schema is put together of 100,000 objects, which all stay."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


#: The ledgers that handles share, each with the number of those who do.
_joined: dict[Path | str, tuple[Ledger, int]] = {}
_joining = threading.Lock()


def _join(place: Path | str) -> Ledger:
    """The ledger that is shared, opened if this is the first to need it."""
    with _joining:
        ledger, users = _joined.get(place, (None, 0))
        if ledger is None:
            ledger = _open(place)
        _joined[place] = (ledger, users + 1)
        return ledger


def _leave(place: Path | str) -> bool:
    """Use a shared ledger no more; whether nobody does now, so that it is to be closed."""
    with _joining:
        ledger, users = _joined.pop(place)
        if users > 1:
            _joined[place] = (ledger, users - 1)
        return users == 1


def _open(place: Path | str) -> Ledger:
    if isinstance(place, Path):
        ensure_ledger_folder(place, get_settings().home)
    from headrace_service.ledger import Ledger, LedgerUnusable, LedgerVersion

    try:
        ledger = Ledger.open(place)
    except LedgerVersion as error:
        raise ServiceTooOld(str(error)) from None
    except LedgerUnusable as error:
        raise HomeUnusable(str(error)) from None
    if ledger.found_processes:
        ledger.slots.reap()  # nobody waits for it
    return ledger


# SQLite must not be carried over a fork: the child would share the parent's bookkeeping of locks
# without having the locks. So the file is closed for the moment of the fork, in good order, and
# opened again by whoever needs it next.


def _before_fork() -> None:
    _forking.acquire()
    for handle in list(_handles):
        handle.close()


def _after_fork_in_child() -> None:
    global _joining
    _joining = threading.Lock()  # another thread may have had it
    _joined.clear()
    _forking.release()


os.register_at_fork(
    before=_before_fork, after_in_parent=_forking.release, after_in_child=_after_fork_in_child
)
