"""Processes with threads take slots of one limit and are killed at random: never more than allowed.

    python -m bench.soak_slots --seconds 60 --processes 8 --threads 8

Each thread writes to one file, the witness, when it has got a slot and before it gives it back.
Whatever the ledger says, the witness shows how many held slots at once. In the end that must never
have been more than the limit, nobody may have waited for minutes, and no slot may have stayed
taken. Exit code 0 if so.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from headrace.client import Client, limit_operations
from headrace.concurrency.sync import concurrency

#: Slots of the limit.
LIMIT = 5
#: Seconds for which a slot is held, at most.
WORK = 0.01
#: Seconds between two kills, on average.
KILLS = 1.0
#: Seconds in which somebody gets a slot, whoever was killed: they come free as soon as somebody
#: who waits has seen it.
PATIENCE = 15.0

ENTERED, LEFT, KILLED = "entered", "left", "killed"


class Witness:
    """The file in which everybody says what he does, in the order in which it happens."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(self, what: str, pid: int, thread: int = 0) -> None:
        """Write a line at once; all processes have the same monotonic clock."""
        line = f"{time.monotonic_ns()} {what} {pid} {thread}\n"
        os.write(self._file, line.encode())


def work(path: Path, seconds: float, threads: int) -> None:
    """Take slots and give them back for so long."""
    witness, end, pid = Witness(path), time.monotonic() + seconds, os.getpid()

    def cross(thread: int) -> None:
        while time.monotonic() < end:
            with concurrency("soak", timeout_seconds=60, on_lease_lost="fence"):
                witness.say(ENTERED, pid, thread)
                time.sleep(random.random() * WORK)
                witness.say(LEFT, pid, thread)

    crossing = [threading.Thread(target=cross, args=(number,)) for number in range(threads)]
    for each in crossing:
        each.start()
    for each in crossing:
        each.join()


def check(lines: list[str]) -> str | None:
    """What is wrong with what the witness has seen; None if nothing is."""
    within: set[tuple[str, str]] = set()
    dead: set[str] = set()
    last: int | None = None
    # A process's last lines may be older than its killer's word: in the order of their times.
    for moment, what, pid, thread in sorted(
        (int(time_), what, pid, thread) for time_, what, pid, thread in map(str.split, lines)
    ):
        if what == KILLED:
            within = {each for each in within if each[0] != pid}
            dead.add(pid)
        elif pid in dead:
            continue  # its last moments
        elif what == LEFT:
            within.discard((pid, thread))
        else:
            within.add((pid, thread))
            if len(within) > LIMIT:
                return f"{len(within)} held slots at once at {moment}: {sorted(within)}"
            if last is not None and moment - last > PATIENCE * 1e9:
                return f"nobody got a slot for {(moment - last) / 1e9:.1f} s"
            last = moment
    return None


def soak(seconds: float, processes: int, threads: int) -> str | None:
    """Let them take slots for so long, and kill some; what went wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="headrace-soak-") as home:
        os.environ["HEADRACE_HOME"] = home
        os.environ.pop("HEADRACE_API_URL", None)
        path, end = Path(home) / "witness", time.monotonic() + seconds
        with Client() as client:
            client.perform(limit_operations.create_concurrency_limit("soak", LIMIT, None, None))
        witness, kills = Witness(path), 0
        running = [_start(path, seconds, threads) for _ in range(processes)]
        while time.monotonic() < end:
            time.sleep(random.expovariate(1 / KILLS))
            victim = running.pop(random.randrange(len(running)))
            # Before it is dead, so that nobody is given its slots before this is said.
            witness.say(KILLED, victim.pid)
            victim.kill()
            victim.wait()
            kills += 1
            running.append(_start(path, max(1.0, end - time.monotonic()), threads))
        for process in running:
            _, err = process.communicate()
            if process.returncode:
                return f"a process ended with {process.returncode}: {err.decode().strip()}"
        lines = path.read_text().splitlines()
        problem = check(lines)
        with Client() as client:
            limit = client.perform(limit_operations.holders_of_limit("soak"))
        assert limit is not None
        if problem is None and (limit["holders"] or limit["waiters"]):
            # Those of processes that were killed when nobody was left who waited.
            with concurrency("soak", occupy=LIMIT, timeout_seconds=PATIENCE):
                pass
        crossings = sum(f" {ENTERED} " in line for line in lines)
        print(
            f"{processes} processes of {threads} threads, {seconds:g} s: "
            f"{crossings:,} times a slot, {kills} kills, never more than {LIMIT} at once"
        )
        return problem if crossings or problem else "nobody got a slot at all"


def _start(path: Path, seconds: float, threads: int) -> subprocess.Popen[bytes]:
    command = ["-m", "bench.soak_slots", "--work", str(path), "--seconds", str(seconds)]
    return subprocess.Popen(
        [sys.executable, *command, "--threads", str(threads)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Processes take slots of a limit, and are killed.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--processes", type=int, default=8, help="how many (default 8)")
    parser.add_argument("--threads", type=int, default=8, help="of each (default 8)")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work is not None:
        work(arguments.work, arguments.seconds, arguments.threads)
        return 0
    problem = soak(arguments.seconds, arguments.processes, arguments.threads)
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
