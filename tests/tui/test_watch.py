"""`headrace watch`: a run as plain lines, and the exit code that it ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headrace.cli.watch import command
from headrace.settings import get_settings
from headrace_service.server import RunningService
from tests.tui.script import Script

HEADRACE = [sys.executable, "-c", "from headrace.cli import main; main()"]


def watch(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(command, arguments)


def test_a_finished_run_is_told_whole_and_in_order(service: RunningService, script: Script) -> None:
    run = script.flow(name="calm-ibis")
    task = script.task(run, "extract")
    script.log(run, "reading\nmore", task=task)
    script.enter(task, "RUNNING", "Retrying", run_count=2)
    script.enter(task, "COMPLETED", run_count=2)
    script.log(run, "\x1b[31mred\x1b[0m", level=30)
    script.enter(run, "COMPLETED", message="All good")
    result = watch("--url", service.url)
    assert result.exit_code == 0
    lines = [line.partition(" | ")[2] for line in result.stdout.splitlines()]
    assert lines[0] == "INFO    | Task run 'extract' - reading"
    assert lines[2].startswith("STATE   | Task run 'extract' - Completed (attempt 2) after ")
    assert lines[3] == "WARNING | Flow run 'calm-ibis' - red"
    assert lines[4].startswith("STATE   | Flow run 'calm-ibis' - Completed after ")
    assert lines[4].endswith(", 1 of 1 task runs completed: All good")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("state", "code"), [("COMPLETED", 0), ("FAILED", 1), ("CRASHED", 1), ("CANCELLED", 2)]
)
def test_the_exit_code_tells_how_it_ended(
    service: RunningService, script: Script, state: str, code: int
) -> None:
    run = script.flow()
    script.enter(run, state)
    assert watch(str(run.id), "--url", service.url).exit_code == code


def test_a_living_run_is_followed_until_it_is_over(service: RunningService, script: Script) -> None:
    run = script.flow(name="calm-ibis")
    script.log(run, "before")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "calm-ibis", "--url", service.url, "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        seen = [json.loads(output.readline()) for _ in range(2)]
        tasks = script.tasks(run, 300)
        for task in tasks:
            script.log(run, f"by {task.name}", task=task)
            script.enter(task, "COMPLETED")
        script.enter(run, "FAILED", message="on purpose")
        seen += [json.loads(line) for line in output]
    assert process.wait(10) == 1
    assert seen[-1]["type"] == "FAILED"
    assert seen[-1]["message"] == "on purpose"
    logs = [event["message"] for event in seen if event["kind"] == "log"]
    assert logs == ["before", *(f"by load-{number}" for number in range(300))]
    ended = [event["id"] for event in seen if event["kind"] == "task_run"
             and event["type"] == "COMPLETED"]  # fmt: skip
    assert sorted(ended) == sorted(str(task.id) for task in tasks)


def test_the_latest_is_waited_for(service: RunningService, script: Script) -> None:
    process = subprocess.Popen(
        [*HEADRACE, "watch", "--latest", "--url", service.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as output, process.stderr as errors:
        assert "waiting for the first one" in errors.readline()
        run = script.flow(name="calm-ibis")
        script.enter(run, "COMPLETED")
        assert "Flow run 'calm-ibis' - Completed" in output.read()
    assert process.wait(10) == 0


def test_no_such_run_and_no_service(service: RunningService) -> None:
    result = watch("nobody", "--url", service.url)
    assert (result.exit_code, result.stderr) == (4, "Error: there is no flow run 'nobody'\n")
    missing = "00000000-0000-7000-8000-000000000000"
    assert watch(missing, "--url", service.url).exit_code == 4
    result = watch("--url", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: nobody answers at http://127.0.0.1:9")


def test_a_reader_that_goes_away_is_no_error(service: RunningService, script: Script) -> None:
    run = script.flow()
    script.log(run, *(f"line {number} {'x' * 200}" for number in range(2000)))
    script.enter(run, "COMPLETED")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "--url", service.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait(10) == 0


def test_without_a_service_the_local_ledger_is_read_and_textual_is_not_loaded(
    tmp_path: Path, service: RunningService, script: Script
) -> None:
    script.enter(script.flow(name="calm-ibis"), "COMPLETED")
    service.stop()
    program = (
        "import sys; from headrace.cli.watch import command\n"
        "try: command.main([])\n"
        "finally: print('textual' in sys.modules)"
    )
    environ = {key: value for key, value in os.environ.items() if "HEADRACE" not in key}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environ, "HEADRACE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "Flow run 'calm-ibis' - Completed" in done.stdout
    assert done.stdout.endswith("False\n")
    assert done.stderr == ""


def test_the_usual_port_is_used_only_when_it_serves_the_same_ledger(
    tmp_path: Path, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.cli import tui

    monkeypatch.setattr(tui, "USUAL_URL", service.url)
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    for home, same in ((tmp_path, True), (tmp_path / "other", False)):
        monkeypatch.setenv("HEADRACE_HOME", str(home))
        get_settings.cache_clear()
        with tui.service_at(None) as found:
            assert (found.url == service.url) == same
    get_settings.cache_clear()


def test_the_monitor_needs_a_terminal() -> None:
    done = subprocess.run([*HEADRACE, "tui"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the monitor needs a terminal; `headrace watch` follows a run as plain text\n"
    )
