"""What the monitor costs: a run of 10,000 tasks on the screen, and 1,000 changes a second.

    python bench/tui_load.py [--tasks 10000] [--rate 1000] [--seconds 10] [--size 160x48]

Starts the service as a process of its own, records a flow run with its tasks, opens the monitor on
it in a pseudo-terminal, and measures the monitor's process from outside (time until the first
picture and until all tasks are loaded, processor time, memory, what it writes to the terminal, the
time from page-down to the picture) and from inside (how late its event loop is).

Three loads: changes of the rows on the screen, changes all over the list, and log lines.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uuid_utils.compat as uuids

from headrace.records import (
    FlowRunCreated,
    LogLine,
    Record,
    RecordBatch,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)

RECORD = """mutation($batch: RecordBatch!) {
  record(batch: $batch) { __typename ... on RecordAck { accepted refused { message } } }
}"""


class Script:
    """Records into a service."""

    def __init__(self, url: str, tasks: int) -> None:
        self._url = url
        self._http = httpx.Client(trust_env=False, timeout=60)
        self._client_id = uuids.uuid7()
        self._number = 0
        self._attempt = 1
        self.flow = FlowRunCreated(uuids.uuid7(), "load", "brave-otter", running())
        self.record([self.flow])
        self.tasks = [
            TaskRunCreated(uuids.uuid7(), "load", f"load-{n}", running(), self.flow.id)
            for n in range(tasks)
        ]
        for place in range(0, tasks, 1000):
            self.record(self.tasks[place : place + 1000])

    def record(self, records: Sequence[Record]) -> None:
        """Send a batch."""
        self._number += 1
        batch = RecordBatch(self._client_id, self._number, list(records))
        variables = {"batch": msgspec.to_builtins(batch)}
        answer = self._http.post(
            f"{self._url}/graphql", json={"query": RECORD, "variables": variables}
        ).json()
        assert answer["data"]["record"]["accepted"] == len(records), answer

    def at_rate(self, rate: int, seconds: float, make: Callable[[int], Record]) -> float:
        """Record so many a second in batches twenty times a second. Returns the rate reached."""
        size, begin, count = max(1, rate // 20), time.monotonic(), 0
        while (passed := time.monotonic() - begin) < seconds:
            self.record([make(count + n) for n in range(size)])
            count += size
            time.sleep(max(0.0, count / rate - (time.monotonic() - begin)))
        return count / max(passed, 1e-9)

    def change(self, place: int) -> Record:
        """A task run begins another attempt."""
        self._attempt += 1
        state = StateChange(StateType.RUNNING, "Retrying", now_micros(), None, self._attempt)
        return TaskRunChanged(self.tasks[place % len(self.tasks)].id, state)

    def line(self, number: int) -> Record:
        """A log line."""
        task = self.tasks[number % len(self.tasks)]
        text = f"row {number} of a partition was read, checked and written to where it belongs"
        return LogLine(now_micros(), 20, "headrace.task_runs", text, self.flow.id, task.id)


def running() -> StateChange:
    """The state that everything begins in."""
    return StateChange(StateType.RUNNING, "Running", now_micros(), None, 1)


class Terminal:
    """A monitor in a pseudo-terminal; everything that it writes is read at once and counted."""

    def __init__(self, url: str, run_id: str, size: tuple[int, int], report: Path) -> None:
        self.report = report
        self.begin = time.monotonic()
        self.first_output = 0.0
        self.last_output = 0.0
        self.written = 0
        self.tail = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
        environ.pop("COLUMNS", None), environ.pop("LINES", None)
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--child", url, run_id, str(report)],
            stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        while True:
            try:
                select.select([self._master], [], [])
                data = os.read(self._master, 65_536)
            except OSError:
                return
            if not data:
                return
            self.last_output = time.monotonic()
            if len(data) > 200 and not self.first_output:
                self.first_output = self.last_output
            self.written += len(data)
            self.tail = (self.tail + data)[-8000:]

    def press(self, keys: bytes) -> float:
        """Press a key on a quiet screen. Returns the seconds until it is painted."""
        begin, before = time.monotonic(), self.written
        os.write(self._master, keys)
        while self.written - before < 300 and time.monotonic() - begin < 2:
            time.sleep(0.0005)
        painted = self.last_output
        while time.monotonic() - self.last_output < 0.05:
            time.sleep(0.005)
            painted = self.last_output
        return painted - begin

    def processor_time(self) -> float:
        """Seconds of processor time that the monitor has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Megabytes of resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def close(self) -> dict[str, Any]:
        """End it in order, and read what it measured."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        os.close(self._master)
        report: dict[str, Any] = json.loads(self.report.read_text())
        return report


def child(url: str, run_id: str, report: Path) -> None:
    """The monitor, with a probe in its event loop."""
    from headrace_tui.app import MonitorApp
    from headrace_tui.screens.run import RunScreen

    lags: list[tuple[float, float]] = []
    loaded: list[float] = []

    def mark_loaded() -> None:
        report.write_text("{}")

    class Probed(MonitorApp):
        async def _probe(self) -> None:
            while True:
                begin = time.monotonic()
                await asyncio.sleep(0.005)
                now = time.monotonic()
                lags.append((now, now - begin - 0.005))
                screen = self.screen
                if not loaded and isinstance(screen, RunScreen) and not screen.feed.loading_tasks:
                    loaded.append(now)
                    mark_loaded()

        async def on_mount(self) -> None:
            self.run_worker(self._probe(), group="probe")

    Probed(url, run_id=run_id, handle_signals=True).run()
    report.write_text(json.dumps({"lags": lags, "loaded": loaded}))


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """The service as a process of its own."""
    command = "from headrace.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "server", "start", "--port", "0", "--database",
         str(folder / "ledger.db")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split(" at ")[1].split()[0]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All measurements, by name."""
    width, _, height = options.size.partition("x")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, service(Path(name)) as url:
        script = Script(url, options.tasks)
        report = Path(name) / "report.json"
        terminal = Terminal(url, str(script.flow.id), (int(width), int(height)), report)
        while not report.exists():
            assert terminal.process.poll() is None, "the monitor ended"
            time.sleep(0.01)
        time.sleep(1)
        used = terminal.processor_time()
        time.sleep(3)
        results["idle, % of a core (durations tick)"] = (terminal.processor_time() - used) / 3e-2
        terminal.press(b"g")
        pages = [terminal.press(b"\x1b[6~") for _ in range(20)]
        results["page-down to picture, ms"] = 1000 * percentile(pages, 0.5)
        terminal.press(b"g")
        visible = int(height) - 6
        loads: dict[str, Callable[[int], Record]] = {
            "on the screen": lambda n: script.change(n % visible),
            "all over": lambda n: script.change(n * 7919),
            "log lines": script.line,
        }
        windows: dict[str, tuple[float, float]] = {}
        for load, make in loads.items():
            begin, used, written = time.monotonic(), terminal.processor_time(), terminal.written
            reached = script.at_rate(options.rate, options.seconds, make)
            end = time.monotonic()
            windows[load] = (begin, end)
            results[f"{load}: changes a second"] = reached
            results[f"{load}: % of a core"] = (
                100 * (terminal.processor_time() - used) / (end - begin)
            )
            results[f"{load}: kB/s to the terminal"] = (
                (terminal.written - written) / (end - begin) / 1000
            )
            time.sleep(1)
            assert terminal.process.poll() is None, terminal.tail.decode(errors="replace")
        results["memory, MB"] = terminal.memory()
        inside = terminal.close()
        results["first picture, ms"] = 1000 * (terminal.first_output - terminal.begin)
        results["all tasks loaded, ms"] = 1000 * (inside["loaded"][0] - terminal.begin)
        for load, (begin, end) in windows.items():
            late = [lag for at, lag in inside["lags"] if begin < at < end]
            results[f"{load}: event loop late, p50 ms"] = 1000 * percentile(late, 0.5)
            results[f"{load}: event loop late, p99 ms"] = 1000 * percentile(late, 0.99)
    return results


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", default="160x48")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], options.child[1], Path(options.child[2]))
        return
    results = measure(options)
    if options.json:
        print(json.dumps(results))
        return
    for name, value in sorted(results.items()):
        print(f"{name:<42} {value:10,.1f}")


if __name__ == "__main__":
    main()
