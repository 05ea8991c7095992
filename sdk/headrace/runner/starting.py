"""How processes of runs are started: forked from a warm one where the platform is good at that."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from uuid import UUID

import msgspec

from headrace.liveness import Fate, fate, identity
from headrace.runner.forking import Begun, Ended, Refused, Told, Wanted
from headrace.runner.jobs import Job
from headrace.runner.processes import RunProcess, environment_with, spawn
from headrace.settings import get_settings

#: Only here is a process forked from another one as good as new: elsewhere, libraries of the system
#: keep threads or locks that a fork breaks.
CAN_FORK = sys.platform == "linux"
#: Variables that an interpreter, or the system's loader, heeds as it starts, and not after a fork.
_AT_START = ("PYTHON", "LD_", "MALLOC_")
#: Seconds between two looks at a process whose end nobody tells of.
LOOK = 0.5

Key = tuple[UUID, int]


class Starter:
    """Starts the processes of runs; to be used as a context, whose beginning warms it up."""

    def __init__(self) -> None:
        self._server: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._warming: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: dict[Key, asyncio.Future[int]] = {}
        self._ends: dict[int, asyncio.Future[int | None]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if CAN_FORK:
            self._warming = asyncio.create_task(self._warm_up())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        for task in self._looking:
            task.cancel()
        if self._writer is not None:
            self._writer.close()  # which it hears, and ends
        if self._server is not None:
            await self._server.wait()

    async def start(self, job: Job, given: Mapping[str, str]) -> RunProcess:
        """Start the process of a run.

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
        if self._warming is not None:
            await self._warming
        if self._reading is None or self._reading.done():
            await self._warm_up()
        try:
            return await self._fork(job, given)
        except ConnectionError:  # the warm process has died; the next run gets another
            return await spawn(job, given)

    async def _warm_up(self) -> None:
        here, there = socket.socketpair()
        recording = "ledger" if get_settings().service_url is None else "service"
        with there:
            self._server = await asyncio.create_subprocess_exec(
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
        reader, self._writer = await asyncio.open_connection(sock=here)
        self._reading = asyncio.create_task(self._read(reader))

    async def _fork(self, job: Job, given: Mapping[str, str]) -> RunProcess:
        assert self._writer is not None
        begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[job.flow_run_id, job.epoch] = begun
        self._writer.write(msgspec.json.encode(Wanted(job, environment_with(given))) + b"\n")
        await self._writer.drain()
        pid = await begun
        return RunProcess(job, given, pid, self._ends[pid])

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Hear of processes that have begun and ended, for as long as the warm one lives."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._hear(msgspec.json.decode(line, type=Told))
        for begun in self._asked.values():
            if not begun.done():
                begun.set_exception(ConnectionResetError("the fork server has ended"))
        self._asked.clear()
        for pid, ended in self._ends.items():
            looking = asyncio.create_task(_look_after(pid, ended))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)
        self._ends = {}

    def _hear(self, told: Told) -> None:
        match told:
            case Begun(run_id, epoch, pid):
                self._ends[pid] = asyncio.get_running_loop().create_future()
                self._asked.pop((UUID(run_id), epoch)).set_result(pid)
            case Refused(run_id, epoch, reason):
                self._asked.pop((UUID(run_id), epoch)).set_exception(OSError(reason))
            case Ended(pid, code):
                self._ends.pop(pid).set_result(code)


async def _look_after(pid: int, ended: asyncio.Future[int | None]) -> None:
    """See to its end a process whose parent has gone."""
    who = identity(pid)
    while fate(who) is not Fate.ENDED:  # noqa: ASYNC110  # there is nobody to tell of it
        await asyncio.sleep(LOOK)
    ended.set_result(None)
