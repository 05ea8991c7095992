"""How processes of runs are started: forked from a warm one where the platform is good at that."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec

from headrace.liveness import Fate, fate, identity
from headrace.runner.forking import Begun, Ended, Refused, Told, Wanted
from headrace.runner.jobs import Job
from headrace.runner.processes import GRACE, KILL, RunProcess, environment_with, send, spawn
from headrace.settings import get_settings

#: Only here is a process forked from another one as good as new: elsewhere, libraries of the system
#: keep threads or locks that a fork breaks.
CAN_FORK = sys.platform == "linux"
#: Variables that an interpreter, or the system's loader, heeds as it starts, and not after a fork.
_AT_START = ("PYTHON", "LD_", "MALLOC_")
#: Seconds between two looks at a process whose end nobody tells of.
LOOK = 0.5

#: A process that has begun: its number, and what is to be its exit code.
Forked = tuple[int, asyncio.Future[int | None]]


class Starter:
    """Starts the processes of runs; to be used as a context, whose beginning warms it up."""

    def __init__(self) -> None:
        self._warming: asyncio.Task[Warm] | None = None
        #: All that were warm: processes of one that has died are still looked after.
        self._warm: list[Warm] = []

    async def __aenter__(self) -> Self:
        if CAN_FORK:
            self._begin_warming()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)
        for one in self._warm:
            await one.close()

    async def start(self, job: Job, given: Mapping[str, str]) -> RunProcess:
        """Start the process of a run. When this is cancelled, there is none.

        Args:
            job: the run.
            given: variables that it gets besides those of this process.

        Raises:
            OSError, ValueError: it cannot be started.
        """
        if not CAN_FORK or any(name.startswith(_AT_START) for name in given):
            return await spawn(job, given)
        if any(
            "\0" in text or "=" in name for name, text in given.items() for text in (name, text)
        ):
            raise ValueError("a variable's name or value has a character that none may have")
        try:
            warm = await asyncio.shield(self._begin_warming())
            return await warm.fork(job, given)
        except ConnectionError:  # the warm process has died; the next run gets another
            return await spawn(job, given)

    def _begin_warming(self) -> asyncio.Task[Warm]:
        """The task whose result is warm: another one when that has died, or did not begin."""
        last = self._warming
        if last is None or (last.done() and (last.exception() or last.result().has_ended)):
            self._warming = asyncio.create_task(self._warm_up())
        assert self._warming is not None
        return self._warming

    async def _warm_up(self) -> Warm:
        warm = await Warm.begin()
        self._warm.append(warm)
        return warm


class Warm:
    """A warm process, as its host sees it: it is asked for processes, and tells of their ends."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.has_ended = False
        self._process = process
        self._writer = writer
        self._numbers = itertools.count()
        #: What it was asked for and has not answered, without what nobody waits for any more.
        self._asked: dict[int, asyncio.Future[Forked]] = {}
        #: By number, the processes whose end somebody wants to know.
        self._ends: dict[int, asyncio.Future[int | None]] = {}
        self._hearing = asyncio.create_task(self._hear_all(reader))
        self._looking: list[asyncio.Task[None]] = []

    @classmethod
    async def begin(cls) -> Self:
        """Start one; it can be asked at once, and answers when it is warm."""
        here, there = socket.socketpair()
        recording = "ledger" if get_settings().service_url is None else "service"
        with there:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "headrace.runner.forking",
                str(there.fileno()),
                recording,
                stdin=asyncio.subprocess.DEVNULL,
                env=environment_with({}),
                pass_fds=[there.fileno()],
                start_new_session=True,
            )
        return cls(process, *await asyncio.open_connection(sock=here))

    async def fork(self, job: Job, given: Mapping[str, str]) -> RunProcess:
        """Let it fork the process of a run.

        Raises:
            OSError: it could not; a ConnectionError when it has ended.
        """
        if self.has_ended:
            raise ConnectionResetError("the fork server has ended")
        begun: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        number = next(self._numbers)
        self._asked[number] = begun
        try:
            wanted = Wanted(number, job, environment_with(given))
            self._writer.write(msgspec.json.encode(wanted) + b"\n")
            await self._writer.drain()
            pid, ended = await begun
        except BaseException:
            self._withdraw(number, begun)
            raise
        return RunProcess(job, given, pid, ended)

    async def close(self) -> None:
        """Let it end, and with it what is known of its processes, which go on."""
        with contextlib.suppress(OSError):  # it has gone already
            self._writer.write_eof()
        # What was asked for and withdrawn is heard of, too.
        if not (await asyncio.wait({self._hearing}, timeout=GRACE))[0]:
            self._process.kill()  # it is stopped, or hangs
        await self._hearing
        for task in self._looking:
            task.cancel()
        for ended in self._ends.values():
            ended.cancel()
        self._writer.close()
        await self._process.wait()

    def _withdraw(self, number: int, begun: asyncio.Future[Forked]) -> None:
        """Nobody waits for that process any more: it is not to be, now or once it has begun."""
        self._asked.pop(number, None)
        if begun.done() and not begun.cancelled() and begun.exception() is None:
            pid, _ = begun.result()
            if self._ends.pop(pid, None) is not None:
                send(pid, KILL)

    async def _hear_all(self, reader: asyncio.StreamReader) -> None:
        """Hear of processes that have begun and ended, for as long as the warm one lives."""
        try:
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    self._hear(msgspec.json.decode(line, type=Told))
        finally:
            self.has_ended = True
            for begun in self._asked.values():
                if not begun.done():
                    begun.set_exception(ConnectionResetError("the fork server has ended"))
            self._looking = [asyncio.create_task(self._look_after(pid)) for pid in self._ends]

    def _hear(self, told: Told) -> None:
        match told:
            case Begun(number, pid):
                begun = self._asked.pop(number, None)
                if begun is None or begun.done():
                    send(pid, KILL)  # it was withdrawn, and has hardly begun
                else:
                    self._ends[pid] = asyncio.get_running_loop().create_future()
                    begun.set_result((pid, self._ends[pid]))
            case Refused(number, reason):
                begun = self._asked.pop(number, None)
                if begun is not None and not begun.done():
                    begun.set_exception(OSError(reason))
            case Ended(pid, code):
                self._has_ended(pid, code)

    async def _look_after(self, pid: int) -> None:
        """See to its end a process whose parent has gone."""
        who = identity(pid)
        while fate(who) is not Fate.ENDED:  # noqa: ASYNC110  # there is nobody to tell of it
            await asyncio.sleep(LOOK)
        self._has_ended(pid, None)

    def _has_ended(self, pid: int, code: int | None) -> None:
        if (ended := self._ends.pop(pid, None)) is not None:  # else it was withdrawn
            ended.set_result(code)
