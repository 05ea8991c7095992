"""Running and weighing processes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.subjects import Subject


class BenchmarkFailed(Exception):
    """A process did not do what the benchmark needs; the message says what it did instead."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def seconds_of(command: Sequence[str], environment: Mapping[str, str], timeout: float) -> float:
    """Wall-clock seconds from the start of a process to its end.

    Raises:
        BenchmarkFailed: it failed, or was not done after `timeout` seconds.
    """
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=tempfile.gettempdir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkFailed(f"not done after {timeout:.0f} s") from None
    taken = time.perf_counter() - started
    if done.returncode != 0:
        raise BenchmarkFailed(last_line(done.stderr.decode(errors="replace")))
    return taken


def last_line(text: str) -> str:
    """The last line that is not empty: of a traceback, the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:120] if lines else "it failed and printed nothing"


def end(process: subprocess.Popen[bytes], patience: float = 20) -> None:
    """End a process as Ctrl-C would; by force, with its children, after `patience` seconds.

    The process must have been started in a session of its own.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes on until the block's end; its output goes to a file in `folder`."""
    with (folder / "started.log").open("wb") as out:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Service:
    """A service process that answers at `url`; `ready_s` is how long it took until it did."""

    url: str
    home: Path
    pid: int
    ready_s: float


@contextmanager
def service(
    subject: Subject, home: Path, *, patience: float = 90, port: int | None = None
) -> Iterator[Service]:
    """Run the subject's service on `home`, from its first healthy answer to the block's end.

    It listens on `port`, or on one that is free.

    Raises:
        BenchmarkFailed: it ended, or was not healthy after `patience` seconds.
    """
    port = port or free_port()
    command = subject.command("server", "start", "--host", "127.0.0.1", "--port", str(port))
    log = home / "service.log"
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=subject.environment(home),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not healthy(port, subject.health):
            if process.poll() is not None:
                raise BenchmarkFailed(f"the service ended: {last_line(log.read_text())}")
            if time.perf_counter() - started > patience:
                raise BenchmarkFailed(f"the service was not ready after {patience:.0f} s")
            time.sleep(0.005)
        ready_s = time.perf_counter() - started
        yield Service(f"http://127.0.0.1:{port}", home, process.pid, ready_s)
    finally:
        end(process)


def healthy(port: int, path: str) -> bool:
    """Whether a service on a loopback port answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def with_children(pid: int) -> list[int]:
    """The process and everything it started (Linux)."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:  # that thread has just ended
                continue
    return found


def memory_of(pid: int) -> tuple[float, float]:
    """Resident and proportional memory of a process and its children, in bytes (Linux)."""
    resident = proportional = 0
    for member in with_children(pid):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                resident += int(line.split()[1]) * 1024
            elif line.startswith("Pss:"):
                proportional += int(line.split()[1]) * 1024
    return resident, proportional


def cpu_seconds_of(pid: int) -> float:
    """Processor time that a process and its children have used (Linux)."""
    ticks = 0
    for member in with_children(pid):
        after_name = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf("SC_CLK_TCK")
