"""Processes with threads take slots of one limit and are killed at random: never more than allowed.

    python -m bench.soak_slots --seconds 60 --processes 8 --threads 8 --through outages

They ask a ledger file for their slots; a service (`--through service`), where some of them are
stopped for longer than a lease; or a service that is killed and started again now and then
(`--through outages`). Each thread says to a witness (`bench.witness`) what it does. Whatever the
ledger says, the witness shows how many had slots at once. In the end that must never have been more
than the limit, nobody may have waited for minutes, and the whole limit can be taken. Exit code 0 if
so.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.processes import free_port, last_line, scratch, service
from bench.subjects import QUICK, headrace
from bench.witness import ASKED, ENTERED, KEPT, KILLED, LEFT, LOST, Witness, crossings, fault
from headrace.client import Client, limit_operations
from headrace.concurrency.sync import ConcurrencySlotsLost, concurrency

#: Slots of the limit.
LIMIT = 5
#: Seconds for which a slot is held, at most.
WORK = 0.01
#: Seconds of a lease: in a ledger file the usual, of a service so few that it has to be renewed.
LEASES = {"file": 300.0, "service": 3.0, "outages": 3.0}
#: How many hold their slot for longer than usual, up to two short leases: one in so many.
LONG = 50
#: Seconds between two kills, on average.
KILLS = 1.0
#: How probable it is, at each kill, that the service is killed; and while it is away, that it comes
#: back.
GOES, RETURNS = 0.25, 0.3
#: How probable it is that a process is stopped for two leases, and not killed.
STOPS = 0.2
#: Seconds in which somebody gets a slot, whoever was killed: they come free as soon as somebody
#: who waits has seen it.
PATIENCE = 30.0


def work(path: Path, seconds: float, threads: int, lease: float) -> None:
    """Take slots and give them back for so long."""
    witness, end, pid = Witness(path), time.monotonic() + seconds, os.getpid()

    def hold() -> None:
        until = time.monotonic() + random.random() * WORK
        if random.randrange(LONG) == 0:
            until += random.random() * 2 * min(LEASES.values())
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, WORK))  # so that it can be aborted

    def cross(thread: int) -> None:
        while time.monotonic() < end:
            witness.say(ASKED, pid, thread)
            wanted = concurrency(
                "soak",
                timeout_seconds=2 * PATIENCE,
                lease_duration=lease,
                on_lease_lost=random.choice(["fence", "abort"]),
            )
            try:
                with wanted:
                    witness.say(ENTERED, pid, thread)
                    hold()
                    witness.say(LEFT, pid, thread)
            except ConcurrencySlotsLost:
                witness.say(LOST, pid, thread)
            else:
                witness.say(KEPT, pid, thread)

    with ThreadPoolExecutor(threads) as crossing:
        list(crossing.map(cross, range(threads)))


class Served:
    """A service, and the same one again after it was killed."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.kills = home, free_port(), 0
        self._open = ExitStack()
        self._pid: int | None = None
        os.environ["HEADRACE_API_URL"] = f"http://127.0.0.1:{self.port}"
        self.start()

    @property
    def is_away(self) -> bool:
        """Whether it was killed, and not started again."""
        return self._pid is None

    def start(self) -> None:
        """Start it; it answers when this returns."""
        running = service(headrace(QUICK), self.home, port=self.port)
        self._pid = self._open.enter_context(running).pid

    def kill(self) -> None:
        """Kill it, with whatever it is just doing."""
        assert self._pid is not None
        os.kill(self._pid, signal.SIGKILL)
        self.kills += 1
        self.end()

    def end(self) -> None:
        """End it, if it is there."""
        self._pid = None
        self._open.close()


class Crowd:
    """The processes that cross the limit; one that is killed is replaced."""

    def __init__(self, home: Path, options: argparse.Namespace) -> None:
        self.kills = self.stops = 0
        self._witness = Witness(home / "witness")
        self._errors = home / "errors"
        self._options = options
        self._end = time.monotonic() + options.seconds
        self._running = [self._start() for _ in range(options.processes)]

    def kill_one(self) -> None:
        """Kill one of them, and start another."""
        victim = self._running.pop(random.randrange(len(self._running)))
        # Before it is dead, so that nobody is given its slots before this is said.
        self._witness.say(KILLED, victim.pid)
        victim.kill()
        victim.wait()
        self.kills += 1
        self._running.append(self._start())

    def stop_one(self, seconds: float) -> None:
        """Stop one of them, and let it go on after so many seconds."""
        process = random.choice(self._running)
        process.send_signal(signal.SIGSTOP)
        self.stops += 1
        threading.Timer(seconds, process.send_signal, [signal.SIGCONT]).start()

    def wait(self) -> str | None:
        """Wait until all have done their work; what went wrong, or None."""
        codes = [process.wait() for process in self._running]
        failed = sum(code != 0 for code in codes)
        return (
            f"{failed} processes failed: {last_line(self._errors.read_text())}" if failed else None
        )

    def _start(self) -> subprocess.Popen[bytes]:
        seconds = max(1.0, self._end - time.monotonic())
        own = ["--seconds", str(seconds), "--threads", str(self._options.threads)]
        own += [
            "--through",
            self._options.through,
            "--work",
            str(self._errors.with_name("witness")),
        ]
        with self._errors.open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "bench.soak_slots", *own],
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )


def soak(home: Path, options: argparse.Namespace) -> str | None:
    """Let them take slots for so long, and kill some; what went wrong, or None."""
    os.environ["HEADRACE_HOME"] = str(home)
    os.environ.pop("HEADRACE_API_URL", None)
    served = None if options.through == "file" else Served(home)
    try:
        with Client() as client:
            client.perform(limit_operations.create_concurrency_limit("soak", LIMIT, None, None))
        crowd = Crowd(home, options)
        torment(crowd, served, options)
        if (problem := crowd.wait()) is not None:
            return problem
        # Whatever the dead had, nobody has it still.
        with concurrency("soak", occupy=LIMIT, timeout_seconds=PATIENCE):
            pass
    finally:
        if served is not None:
            served.end()
    found = crossings((home / "witness").read_text().splitlines())
    lease = LEASES[options.through]
    if not found:
        return "nobody got a slot at all"
    if (problem := fault(found, LIMIT, lease, PATIENCE)) is not None:
        return problem
    wait = max(each.entered - each.asked for each in found)
    fates = Counter(each.fate for each in found)
    print(
        f"{options.processes} processes of {options.threads} threads, {options.seconds:g} s, "
        f"through {options.through}: {len(found):,} times a slot, {fates[LOST]} leases lost, "
        f"{crowd.kills} killed, {crowd.stops} stopped for longer than a lease, "
        f"the service killed {0 if served is None else served.kills} times; "
        f"never more than {LIMIT} at once, longest wait {wait / 1e9:.1f} s"
    )
    return None


def torment(crowd: Crowd, served: Served | None, options: argparse.Namespace) -> None:
    """Kill some of them at random, and the service, if that is wanted; in the end it is there."""
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(random.expovariate(1 / KILLS))
        if served is not None and served.is_away:
            if random.random() < RETURNS:
                served.start()
        elif served is not None and options.through == "outages" and random.random() < GOES:
            served.kill()
        if options.through == "service" and random.random() < STOPS:
            crowd.stop_one(2 * LEASES["service"])
        else:
            crowd.kill_one()
    if served is not None and served.is_away:
        served.start()


def main() -> str | None:
    """The command; what went wrong."""
    parser = argparse.ArgumentParser(description="Processes take slots of a limit, and are killed.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--processes", type=int, default=8, help="how many (default 8)")
    parser.add_argument("--threads", type=int, default=8, help="of each (default 8)")
    parser.add_argument("--through", choices=LEASES, default="file", help="whom they ask for slots")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is not None:
        work(options.work, options.seconds, options.threads, LEASES[options.through])
        return None
    with scratch() as home:
        return soak(home, options)


if __name__ == "__main__":
    sys.exit(main())
