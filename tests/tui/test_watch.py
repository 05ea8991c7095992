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
from headrace.client import Client
from headrace.exceptions import InvalidSetting, ServiceUnreachable
from headrace.settings import get_settings
from headrace_service.server import RunningService, start_in_thread
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
    script.log(run, "\x1b[31mred\x1b[0m", level=30, logger="mine")
    script.enter(run, "COMPLETED", message="All good")
    result = watch("--url", service.url)
    assert result.exit_code == 0
    lines = [line.partition(" | ")[2] for line in result.stdout.splitlines()]
    assert lines[0] == "STATE   | Flow run 'calm-ibis' - Running"
    assert lines[1] == "STATE   | Task run 'extract' - Running"
    assert lines[2] == "INFO    | Task run 'extract' - reading"
    assert lines[4].startswith("STATE   | Task run 'extract' - Completed (attempt 2) after ")
    assert lines[5] == "WARNING | Flow run 'calm-ibis' - red"
    assert lines[6].startswith("STATE   | Flow run 'calm-ibis' - Completed after ")
    assert lines[6].endswith(", 1 of 1 task runs ended: All good")
    assert len(lines) == 7


def test_what_ended_is_counted_and_what_went_wrong_is_named(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    for kind in ("FAILED", "FAILED", "CRASHED", "COMPLETED"):
        script.enter(script.task(run), kind)
    script.task(run)
    script.enter(run, "FAILED")
    last = watch("--url", service.url).stdout.splitlines()[-1]
    assert last.endswith(", 4 of 5 task runs ended, 2 failed, 1 crashed")


def test_what_the_output_cannot_encode_is_escaped(service: RunningService, script: Script) -> None:
    run = script.flow(name="höhe")
    script.log(run, "→ 5 m")
    script.enter(run, "COMPLETED")
    done = subprocess.run(
        [*HEADRACE, "watch", "--url", service.url],
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Flow run 'h\\xf6he' - \\u2192 5 m\n" in done.stdout


@pytest.mark.parametrize("ended", [False, True])
def test_states_and_log_lines_stand_in_the_order_of_their_times(
    service: RunningService, script: Script, ended: bool
) -> None:
    run = script.flow(name="calm-ibis")
    for name in ("extract", "load"):
        task = script.task(run, name)
        script.log(run, "working", task=task)
        script.enter(task, "COMPLETED")
    if ended:
        script.enter(run, "COMPLETED")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "--url", service.url, "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        told = [json.loads(output.readline()) for _ in range(7)]
        if not ended:
            script.enter(run, "COMPLETED")
        assert len(output.readlines()) == 1
    assert process.wait(10) == 0
    states = [event["state"]["name"] if "state" in event else "log" for event in told]
    assert states == ["Running", *["Running", "log", "Completed"] * 2]
    assert all(
        event["endTime"] is None
        for event in told
        if event.get("state", {}).get("name") == "Running"
    )
    times = [event["timestamp"] if "state" not in event else event["state"]["timestamp"]
             for event in told]  # fmt: skip
    assert times == sorted(times)


def test_a_lost_connection_is_told_once_in_plain_words(tmp_path: Path) -> None:
    first = start_in_thread(tmp_path / "ledger.db")
    run = Script(first).flow(name="calm-ibis")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "--url", first.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as output, process.stderr as errors:
        output.readline()
        script = Script(first)
        script.log(run, "it listens")  # comes on a subscription, or with the first look
        output.readline()
        first.stop()
        told = errors.readline()
        port = int(first.url.rsplit(":", 1)[1])
        with start_in_thread(tmp_path / "ledger.db", port=port) as second:
            Script(second).enter(run, "COMPLETED")
            assert "Completed" in output.read()
            rest = errors.read()
            assert process.wait(10) == 0
    assert told == "The service does not answer; trying again for 60 seconds.\n"
    assert rest == ""


def test_no_text_of_a_run_acts_on_the_terminal(service: RunningService, script: Script) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31mbad\u202e"
    run = script.flow(name=evil)
    task = script.task(run, evil)
    script.log(run, evil, task=task, logger=evil)
    script.enter(task, "FAILED", evil, message=evil)
    script.enter(run, "FAILED", evil, message=evil)
    plain = watch(str(run.id), "--url", service.url).stdout
    assert plain.count("bad") >= 7
    assert all(character.isprintable() or character == "\n" for character in plain)
    as_json = watch(str(run.id), "--url", service.url, "--json").stdout
    assert all(character in "\n" or " " <= character <= "~" for character in as_json)
    last = json.loads(as_json.splitlines()[-1])
    assert [last["name"], last["state"]["name"], last["state"]["message"]] == [evil] * 3


def test_json_has_the_names_and_forms_of_the_schema(
    service: RunningService, script: Script
) -> None:
    run = script.flow("etl", "calm-ibis", tags=["nightly"])
    script.log(run, "reading", task=script.task(run, "extract"), level=30)
    script.enter(run, "COMPLETED")
    told = watch("--url", service.url, "--json").stdout.splitlines()
    seen = {event["kind"]: event for event in map(json.loads, told)}
    with Client(service.url) as client:
        answers = {
            "flow_run": client.flow_run(run.id),
            "task_run": client.task_runs(flow_run_id=run.id)["nodes"][0],
            "log": client.logs(flow_run_id=run.id)["nodes"][0],
        }
    for kind, event in seen.items():
        answer = answers.pop(kind)
        assert answer is not None
        del event["kind"]
        assert event == {field: answer[field] for field in event}
        assert len(event) >= 7
    assert not answers


def test_a_clock_that_steps_back_hides_nothing(service: RunningService, script: Script) -> None:
    run = script.flow(name="calm-ibis")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "calm-ibis", "--url", service.url, "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        output.readline()
        task = script.task(run, "extract")
        assert json.loads(output.readline())["state"]["name"] == "Running"
        script.enter(task, "COMPLETED", later=-3_600_000_000)
        script.enter(run, "COMPLETED", later=-3_600_000_000)
        rest = [json.loads(line) for line in output]
    assert process.wait(10) == 0
    assert [event["kind"] for event in rest] == ["task_run", "flow_run"]
    assert {event["state"]["type"] for event in rest} == {"COMPLETED"}


def test_lines_of_a_subflow_bear_the_names_of_its_task_runs(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    sub = script.flow("transform", "mild-wren", parent_flow_run_id=run.id)
    deep = script.flow("clean", "odd-newt", parent_flow_run_id=sub.id)
    for owner in (sub, deep):
        for task in script.tasks(owner, 250):
            script.log(owner, f"by {task.name}", task=task)
    script.log(deep, "by itself")
    process = subprocess.Popen(
        [*HEADRACE, "watch", "calm-ibis", "--url", service.url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        lines = [output.readline() for _ in range(503)]
        task = script.task(deep, "late")
        script.log(deep, "by late", task=task)
        script.enter(run, "COMPLETED")
        lines += output.read().splitlines()
    assert process.wait(10) == 0
    told = [line.rstrip().split(" | ")[2] for line in lines if " | INFO " in line]
    expected = [f"Task run 'load-{number}' - by load-{number}" for number in range(250)]
    assert told == [
        *expected, *expected, "Flow run 'odd-newt' - by itself", "Task run 'late' - by late"
    ]  # fmt: skip


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
    assert seen[-1]["state"]["type"] == "FAILED"
    assert seen[-1]["state"]["message"] == "on purpose"
    logs = [event["message"] for event in seen if event["kind"] == "log"]
    assert logs == ["before", *(f"by load-{number}" for number in range(300))]
    ended = [event["id"] for event in seen if event["kind"] == "task_run"
             and event["state"]["type"] == "COMPLETED"]  # fmt: skip
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

    monkeypatch.setenv("HEADRACE_SERVER_PORT", service.url.rpartition(":")[2])
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    for home, same in ((tmp_path, True), (tmp_path / "other", False)):
        monkeypatch.setenv("HEADRACE_HOME", str(home))
        get_settings.cache_clear()
        with tui.service_at(None) as found:
            assert (found.url == service.url) == same
    get_settings.cache_clear()


def test_the_monitors_own_service_keeps_what_the_settings_say(
    tmp_path: Path, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.cli import tui
    from headrace.client import Client

    monkeypatch.setenv("HEADRACE_SERVER_PORT", service.url.rpartition(":")[2])
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "other"))
    for name, value in (("RETENTION_RUNS", "0"), ("HOST", "0.0.0.0"), ("AUTH", "off")):
        monkeypatch.setenv(f"HEADRACE_SERVER_{name}", value)
    get_settings.cache_clear()
    with tui.service_at(None) as found, Client(found.url) as client:
        assert found.url.startswith("http://127.0.0.1:")
        told = client.execute("{ retention { kind keepDays } }")["retention"]
        assert {row["kind"]: row["keepDays"] for row in told}["run"] == 0
    get_settings.cache_clear()


def test_what_goes_wrong_while_watching_is_told_as_what_it_is(
    tmp_path: Path, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.cli import tui

    monkeypatch.setenv("HEADRACE_SERVER_PORT", service.url.rpartition(":")[2])
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(ServiceUnreachable, match="gone"), tui.service_at(None):
        raise ServiceUnreachable("gone")
    get_settings.cache_clear()


def test_an_address_may_be_given_as_to_the_client(service: RunningService) -> None:
    from headrace.cli import tui

    for tail in ("", "/", "/graphql", "/api/"):
        with tui.service_at(service.url + tail) as found:
            assert found == tui.Service(service.url)


def test_an_unusable_address_is_blamed_on_the_flag() -> None:
    from headrace.cli import tui

    with pytest.raises(InvalidSetting) as caught, tui.service_at("nonsense"):
        pass
    assert str(caught.value).startswith("--url 'nonsense' cannot be used: ")
    result = watch("--url", "nonsense")
    assert (result.exit_code, "HEADRACE_API_URL" in result.stderr) == (3, False)


def test_the_monitor_needs_a_terminal() -> None:
    done = subprocess.run([*HEADRACE, "tui"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the monitor needs a terminal; `headrace watch` follows a run as plain text\n"
    )
