"""The processes of runs: started, watched, and ended when somebody wants a run cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping

import msgspec

from headrace.liveness import Fate, fate, identity
from headrace.runner.jobs import Job
from headrace.settings import get_settings

#: Seconds that a run gets to end by itself once it is cancelled.
GRACE = 10.0
#: What ends a process that does not end by SIGTERM.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
#: Tells a run's process that its host has said what is wrong with their environment.
HOSTED = "HEADRACE__HOSTED"


class RunProcess:
    """One run's process, at the head of a group of its own: Ctrl-C here does not reach it.

    Args:
        job: the run.
        environment: the variables that it was given besides those of this process.
        pid: its number, which is that of its group, too.
        ended: its exit code, once it has ended; a negative one is the signal it died of, None
            tells that nobody knows.
    """

    def __init__(
        self,
        job: Job,
        environment: Mapping[str, str],
        pid: int,
        ended: asyncio.Future[int | None],
    ) -> None:
        self.job = job
        self.environment = environment
        self.pid = pid
        self._identity = identity(pid)
        self._ended = ended
        self._ending: asyncio.Task[None] | None = None

    async def wait(self) -> int | None:
        """Wait for its end. Returns its exit code."""
        return await asyncio.shield(self._ended)

    def is_running(self) -> bool:
        """Whether it can be seen to run: it has not ended, and is not stopped."""
        return fate(self._identity) is Fate.RUNS

    @property
    def is_ending(self) -> bool:
        """Whether it was told to end."""
        return self._ending is not None

    def end(self, grace: float = GRACE) -> None:
        """Let it end: SIGTERM now, and SIGKILL if it is still there after `grace` seconds."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(grace))

    async def _end(self, grace: float) -> None:
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), grace)
        except TimeoutError:
            self._signal(KILL)

    def _signal(self, number: int) -> None:
        if not self._ended.done():  # else its number may be another's by now
            send(self.pid, number)


def send(pid: int, number: int) -> None:
    """Send a signal to a run's process and those it has started; nothing if it has ended."""
    with contextlib.suppress(ProcessLookupError):
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
                return
        os.kill(pid, number)  # also one that was forked just now, and heads no group yet


async def spawn(job: Job, given: Mapping[str, str]) -> RunProcess:
    """Start an interpreter for a run, and hand it its job. When this is cancelled, there is none.

    Args:
        job: the run.
        given: variables that it gets besides those of this process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headrace.runner.run",
        stdin=asyncio.subprocess.PIPE,
        env=environment_with(given),
        start_new_session=os.name == "posix",
    )
    assert process.stdin is not None
    ended: asyncio.Future[int | None] = asyncio.ensure_future(process.wait())
    try:
        process.stdin.write(msgspec.json.encode(job))
        await process.stdin.drain()
    except ConnectionError:
        pass  # it has died; its exit code tells
    except BaseException:
        process.kill()
        raise
    process.stdin.close()
    return RunProcess(job, given, process.pid, ended)


def environment_with(given: Mapping[str, str]) -> dict[str, str]:
    """The variables of a run's process: this one's, its settings, and over them what is given."""
    settings = get_settings()
    variables = {**os.environ, "HEADRACE_HOME": str(settings.home), HOSTED: "1"}
    if settings.service_url is not None:
        variables["HEADRACE_API_URL"] = settings.service_url
    else:
        variables.pop("HEADRACE_API_URL", None)
    if settings.api_key is not None:
        variables["HEADRACE_API_KEY"] = settings.api_key
    return {**variables, **given}


def how_it_ended(code: int | None) -> str:
    """What an exit code tells, for the state of a run that said nothing itself."""
    if code is None:
        return "The process of the flow run ended, and nobody was there to see how."
    if code < 0:
        name = signal.Signals(-code).name
        return f"The process of the flow run died of {name}."
    return f"The process of the flow run exited with code {code}."
