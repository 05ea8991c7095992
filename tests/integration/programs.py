"""Programs that run flows in a process of their own, for tests of how processes fork and end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PROLOGUE = """
import asyncio, os, sys, threading
from headrace import flow, task, get_run_logger

def ready():
    get_run_logger().info("about to wait")
    # In one write, so that two processes' lines do not mix where output is not buffered.
    print("ready\\n", end="", flush=True)

def hang():
    # A signal that comes just before a wait without end would be heard after it.
    while True:
        threading.Event().wait(0.5)
"""

#: How long a program may take that is to end by itself (seconds).
PATIENCE = 60


@contextlib.contextmanager
def start(program: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program with a home of its own, and kill it at the end if it still runs."""
    environment = {**os.environ, "HEADRACE_HOME": str(home)}
    environment.pop("HEADRACE_API_URL", None)
    with subprocess.Popen(
        [sys.executable, "-c", _PROLOGUE + program],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(program: str, home: Path) -> str:
    """Run a program that ends well by itself; what it has printed."""
    with start(program, home) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "Traceback" not in err, err
    return out
