"""The processes of runs: started, watched, and ended when somebody wants a run cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping

import msgspec

from headrace.runner.jobs import Job
from headrace.settings import get_settings

#: Seconds that a run gets to end by itself once it is cancelled.
GRACE = 10.0


class RunProcess:
    """One run's process, at the head of a group of its own: Ctrl-C here does not reach it."""

    def __init__(self, job: Job, process: asyncio.subprocess.Process) -> None:
        self.job = job
        self._process = process
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, job: Job, environment: Mapping[str, str]) -> RunProcess:
        """Start the process of a run, and hand it its job.

        Args:
            job: the run.
            environment: variables that it gets besides those of this process.
        """
        settings = get_settings()
        given = {**os.environ, "HEADRACE_HOME": str(settings.home), **environment}
        if settings.service_url is not None:
            given["HEADRACE_API_URL"] = settings.service_url
        else:
            given.pop("HEADRACE_API_URL", None)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "headrace.runner.run",
            stdin=asyncio.subprocess.PIPE,
            env=given,
            start_new_session=os.name == "posix",
        )
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it has died; its exit code tells
            process.stdin.write(msgspec.json.encode(job))
            await process.stdin.drain()
        process.stdin.close()
        return cls(job, process)

    @property
    def pid(self) -> int:
        """Its number, which is that of its group, too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end. Returns its exit code; a negative one is the signal it died of."""
        return await self._process.wait()

    def end(self, grace: float = GRACE) -> None:
        """Let it end: SIGTERM now, and SIGKILL if it is still there after `grace` seconds."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(grace))

    async def _end(self, grace: float) -> None:
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._process.wait()), grace)
        except TimeoutError:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if os.name == "posix":
                os.killpg(self.pid, number)
            else:
                self._process.send_signal(number)


def how_it_ended(code: int) -> str:
    """What an exit code tells, for the state of a run that said nothing itself."""
    if code < 0:
        name = signal.Signals(-code).name
        return f"The process of the flow run died of {name}."
    return f"The process of the flow run exited with code {code}."
