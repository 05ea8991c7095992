"""What `make demo` runs: a service, the example pipeline against it, and a way to watch.

    python examples/demo.py             # on a terminal it opens the monitor; leave it with q
    python examples/demo.py --plain     # follows the run in plain text, as it does without one

The service listens on a free loopback port and writes a ledger of its own in a new folder, so the
demo touches nothing of yours. Service and pipeline end with the demo, whatever ends it.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

PIPELINE = Path(__file__).parent / "pipeline.py"
HEADRACE = (sys.executable, "-c", "from headrace.cli import main; main()")

READY_SECONDS = 30.0  #: how long the service may take to say where it listens
LAST_LINES_SECONDS = 10.0  #: how long the follower may take to print the run's last lines


class DemoFailed(Exception):
    """A part of the demo did not do what it should; the message says which and shows its log."""


def start(
    stack: ExitStack, command: Sequence[str], environment: dict[str, str], out: Path, errors: Path
) -> subprocess.Popen[bytes]:
    """Start a background process that `stack` ends.

    It gets a session of its own: Ctrl-C reaches the demo alone, which ends the others in order.
    """
    with out.open("ab") as out_file, errors.open("ab") as errors_file:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out_file,
            stderr=errors_file,
            start_new_session=True,
        )
    stack.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process as Ctrl-C would, and by force if that takes longer than ten seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def address_of(service: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the service prints once it is ready.

    Raises:
        DemoFailed: it ended, or said nothing in time.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        if found := re.search(r"listening at (http://[\w.:]+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise DemoFailed(f"the service did not start:\n{log.read_text()}")


def watch_on_terminal(url: str, environment: dict[str, str]) -> None:
    """Open the monitor until its user leaves it."""
    finished = subprocess.run([*HEADRACE, "tui", "--url", url], env=environment, check=False)
    if finished.returncode != 0:
        raise DemoFailed(f"the monitor ended with exit code {finished.returncode}")


def watch_in_plain_text(
    stack: ExitStack, environment: dict[str, str], pipeline: subprocess.Popen[bytes]
) -> None:
    """Follow the run on standard output until it has ended."""
    sys.stdout.flush()
    follower = subprocess.Popen([*HEADRACE, "watch"], env=environment, stdin=subprocess.DEVNULL)
    stack.callback(end, follower)
    patience = LAST_LINES_SECONDS if pipeline.wait() == 0 else 1.0
    try:
        exit_code: int | None = follower.wait(patience)
    except subprocess.TimeoutExpired:
        exit_code = None
    if pipeline.returncode != 0:
        return  # a pipeline that failed may leave nothing to follow: its own log tells more
    if exit_code is None:
        raise DemoFailed("`headrace watch` did not see the run end")
    if exit_code != 0:
        raise DemoFailed(f"`headrace watch` ended with exit code {exit_code}")


def run(home: Path, *, pace: float, plain: bool) -> None:
    """Run the demo with its files in `home`.

    Raises:
        DemoFailed: a part of it did not work.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
    environment |= {"HEADRACE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    summary, service_log, pipeline_log = (
        home / name for name in ("summary.txt", "service.log", "pipeline.log")
    )
    with ExitStack() as stack:
        server = [*HEADRACE, "server", "start", "--port", "0"]
        service = start(stack, server, environment, service_log, service_log)
        environment["HEADRACE_API_URL"] = url = address_of(service, service_log)
        print(f"The service listens at {url} (GraphiQL at {url}/graphql).")
        job = [sys.executable, str(PIPELINE), "--pace", str(pace)]
        pipeline = start(stack, job, environment, summary, pipeline_log)
        if plain:
            watch_in_plain_text(stack, environment, pipeline)
        else:
            watch_on_terminal(url, environment)
        if pipeline.poll() is None:
            print("Waiting for the pipeline to end …", flush=True)
        if pipeline.wait() != 0:
            raise DemoFailed(f"the pipeline failed:\n{pipeline_log.read_text()[-4000:]}")
        print(f"\nThe pipeline's summary:\n\n{summary.read_text()}", end="", flush=True)


def stop_on_sigterm(signal_number: int, frame: FrameType | None) -> None:
    """Leave as on Ctrl-C, so that the children are ended too."""
    raise KeyboardInterrupt


def say_where_things_are(home: Path) -> None:
    """Name the files that stay, and how to look at them; nothing where nobody reads any more."""
    command = Path(sys.executable).with_name("headrace")
    with suppress(BrokenPipeError):
        print(f"\nThe ledger is {home}/ledger.db, the logs are {home}/*.log.")
        print(f"To look again: HEADRACE_HOME={home} {command} tui", flush=True)
        return
    # The interpreter would try once more to write what is left, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    """Run the demo; 0 when all of it worked, 130 when it was interrupted."""
    parser = argparse.ArgumentParser(description="The headrace demo.")
    parser.add_argument("--pace", type=float, default=1.0, help="0: fast; 1: about ten seconds")
    parser.add_argument("--plain", action="store_true", help="plain text even on a terminal")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_on_sigterm)
    plain = options.plain or not (sys.stdin.isatty() and sys.stdout.isatty())
    home = Path(tempfile.mkdtemp(prefix="headrace-demo-"))
    try:
        run(home, pace=options.pace, plain=plain)
    except DemoFailed as failure:
        print(f"The demo failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was interrupted.", file=sys.stderr)
        return 130
    finally:
        say_where_things_are(home)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
