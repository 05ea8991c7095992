"""Scripts and commands as processes, and what the ledger says of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from headrace.client import Client, work
from headrace.client.operations import Object, Operation

T = TypeVar("T")

#: Seconds that a test waits for a process before it fails; none waits so long when all is well.
PATIENCE = 60.0


class Script:
    """A process that runs a script, or the `headrace` command."""

    def __init__(self, *command: str, folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def hear(self, text: str) -> None:
        """Wait until it has said something on standard error."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline():
            if text in line:
                return
        raise AssertionError(f"it has ended without a word of {text!r}")

    def finish(self) -> tuple[int, str, str]:
        """Wait for its end: its exit code, and what it wrote to either output."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


class Workplace:
    """A folder with scripts, a home, and perhaps a service to report to."""

    def __init__(self, folder: Path, api_url: str | None = None) -> None:
        self.folder = folder
        self.api_url = api_url
        self.environment = {"HEADRACE_HOME": str(folder / "home")}
        if api_url is not None:
            self.environment["HEADRACE_API_URL"] = api_url

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @contextmanager
    def started(self, *command: str, **environment: str) -> Iterator[Script]:
        """A process that does not outlive the test."""
        given = {**self.environment, **environment}
        script = Script(*command, folder=self.folder, environment=given)
        try:
            yield script
        finally:
            self.write("go", "")  # what it has started, and waits to be told so, ends as well
            if script.process.poll() is None:
                script.process.kill()
            script.process.communicate()

    def run(self, *command: str, **environment: str) -> tuple[int, str, str]:
        """A process that ends by itself."""
        with self.started(*command, **environment) as script:
            return script.finish()

    def headrace(self, *arguments: str) -> str:
        """What a command prints that succeeds."""
        code, out, err = self.run("-m", "headrace", *arguments)
        assert code == 0, err
        return out

    def ask(self, operation: Operation[T]) -> T:
        """An answer of the ledger."""
        with Client(self.api_url) as client:
            return client.perform(operation)

    def deployments(self) -> list[Object]:
        """The deployments, by flow and name."""
        return cast("list[Object]", self.ask(work.deployments())["nodes"])

    def until(self, condition: Callable[[], T], description: str) -> T:
        """Wait until the ledger says that something has come about."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited in vain until {description}"
            time.sleep(0.05)
        return found

    def runs(self, *states: str, name: str | None = None) -> list[dict[str, Any]]:
        """The flow runs in states of these types, the newest first."""
        from headrace.client import operations

        page = self.ask(operations.flow_runs(states=list(states) or None, name_contains=name))
        return list(page["nodes"])
