"""Commands: what they print, and what they leave out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headrace import flow, task
from headrace.cli import flow_run, gcl, variable
from headrace.concurrency.sync import concurrency
from headrace.testing.utilities import headrace_test_harness
from headrace.variables import Variable
from tests.recorder_kit import until

#: Clears the screen, names the window, and turns what follows around.
EVIL = "a\x1b[2Jb\x1b]0;title\x07c\u202ed"


@pytest.fixture(autouse=True)
def harness() -> Iterator[None]:
    """A ledger of the test's own."""
    with headrace_test_harness():
        yield


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    @flow(flow_run_name=EVIL, log_prints=True)
    def sly() -> None:
        print(EVIL)
        print("two\nlines")

    sly()
    (listed,) = json.loads(run(flow_run.command, "ls", "--json").output)
    assert listed["name"] == EVIL
    for arguments in (["ls"], ["inspect", listed["id"]], ["logs", listed["id"]]):
        shown = run(flow_run.command, *arguments)
        assert shown.exit_code == 0
        assert "abcd" in shown.output
        assert not set(shown.output) & set("\x1b\x07\u202e")
    assert "two\nlines\n" in run(flow_run.command, "logs", listed["id"]).output


def test_a_state_that_there_is_not_is_answered_by_those_that_there_are() -> None:
    flow(name="f")(lambda: None)()
    assert "f" in run(flow_run.command, "ls", "--state", "Completed").output.splitlines()[1]
    refused = run(flow_run.command, "ls", "--state", "foo")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: --state 'foo': there is no such state; there are scheduled, pending, running, "
        "completed, failed, cancelled, crashed, paused, cancelling\n",
    )


def test_a_flow_run_is_called_by_its_name_or_its_id() -> None:
    @flow(flow_run_name="nightly", log_prints=True)
    def report(text: str) -> None:
        print(text)

    report("older")
    report("newer")
    report.with_options(flow_run_name="nightly-2")("other")
    logs = run(flow_run.command, "logs", "nightly")
    assert ("newer" in logs.stdout, "older" in logs.stdout) == (True, False)
    newest = json.loads(run(flow_run.command, "inspect", "nightly", "--json").stdout)
    notice = f"2 flow runs are named 'nightly'; this is the newest, {newest['id']}.\n"
    assert logs.stderr == notice
    assert run(flow_run.command, "delete", "nightly", "-y").exit_code == 0
    left = run(flow_run.command, "logs", "nightly")
    assert ("older" in left.stdout, left.stderr) == (True, "")
    gone = run(flow_run.command, "logs", newest["id"])
    assert "newer" not in gone.stdout
    missing = run(flow_run.command, "cancel", "night")
    assert (missing.exit_code, missing.stderr) == (1, "Error: there is no flow run 'night'\n")


def test_lines_of_logs_name_the_run_that_wrote_them() -> None:
    @task(log_prints=True)
    def step(text: str) -> None:
        print(text)

    @flow(flow_run_name="nightly", log_prints=True)
    def report() -> None:
        print("first")
        step.map(["a", "b"]).wait()

    report()
    lines = run(flow_run.command, "logs", "nightly").output.splitlines()
    sources = {line.partition(" | ")[2] for line in lines}
    assert {
        "INFO    | Flow run 'nightly' - first",
        "INFO    | Task run 'step' - a",
        "INFO    | Task run 'step-1' - b",
    } <= sources


@pytest.mark.parametrize(
    ("written", "value", "printed"),
    [
        ("200", 200, "200\n"),
        ('{"a": [1]}', {"a": [1]}, '{\n  "a": [\n    1\n  ]\n}\n'),
        ("null", None, "null\n"),
        ("eu-west", "eu-west", "eu-west\n"),
        ("NaN", "NaN", "NaN\n"),
        ('"12"', "12", "12\n"),
    ],
)
def test_a_variable_is_json_where_it_is_written_so(written: str, value: Any, printed: str) -> None:
    assert run(variable.command, "set", "region", written).exit_code == 0
    assert Variable.get("region", default="none") == value
    assert run(variable.command, "get", "region").output == printed


def test_a_variable_from_setting_to_unsetting() -> None:
    assert run(variable.command, "set", "size", "1", "--tag", "tuning").exit_code == 0
    again = run(variable.command, "set", "size", "2")
    assert (again.exit_code, Variable.get("size")) == (1, 1)
    assert again.stderr.startswith("Error: ")
    assert run(variable.command, "set", "size", "2", "--overwrite").exit_code == 0
    run(variable.command, "set", "name", "x", "--tag", "tuning")
    rows = run(variable.command, "ls").output.splitlines()
    assert [row.split()[:3] for row in rows] == [
        ["NAME", "VALUE", "TAGS"],
        ["name", '"x"', "tuning"],
        ["size", "2", "-"],
    ]
    listed = json.loads(run(variable.command, "ls", "--json").output)
    assert [(one["name"], one["value"]) for one in listed] == [("name", "x"), ("size", 2)]
    assert json.loads(run(variable.command, "get", "size", "--json").output)["value"] == 2
    assert run(variable.command, "unset", "size").output == "Deleted variable 'size'.\n"
    for command in ("get", "unset"):
        gone = run(variable.command, command, "size")
        assert (gone.exit_code, gone.stdout) == (1, "")
        assert "size" in gone.stderr


def test_who_holds_slots_of_which_key_and_who_waits_for_them() -> None:
    assert run(gcl.command, "create", "api", "-l", "1", "--total", "4").exit_code == 0
    with concurrency("api", key="mill"), ThreadPoolExecutor() as pool:
        waiting = pool.submit(concurrency("api", key="mill", timeout_seconds=20).__enter__)
        until(lambda: bool(_claims("waiters")), "somebody waits")
        (holder,), (waiter,) = _claims("holders"), _claims("waiters")
        assert (holder["key"], holder["pid"]) == ("mill", os.getpid())
        assert holder["since"] <= waiter["since"] < waiter["until"]
        shown = run(gcl.command, "inspect", "api").output
        assert "total    4 for all keys" in shown
        assert f"1 slot of key 'mill', no run, process {os.getpid()} on " in shown
        run(gcl.command, "reset", "api")
        waiting.result(20)
    assert run(gcl.command, "update", "api", "--total", "0").exit_code == 0
    assert json.loads(run(gcl.command, "inspect", "api", "--json").output)["total"] is None


def _claims(which: str) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = json.loads(run(gcl.command, "inspect", "api", "--json").output)[
        which
    ]
    return claims


def test_a_concurrency_limit_from_making_to_deleting() -> None:
    assert run(gcl.command, "create", "db", "--limit", "2").exit_code == 0
    again = run(gcl.command, "create", "db", "--limit", "2")
    assert (again.exit_code, again.stderr) == (
        1,
        "Error: there is a concurrency limit 'db' already\n",
    )
    assert run(gcl.command, "update", "db", "--limit", "3", "--disable").exit_code == 0
    rows = run(gcl.command, "ls").output.splitlines()
    assert [row.split() for row in rows] == [
        ["NAME", "LIMIT", "TAKEN", "DECAY/S", "ACTIVE"],
        ["db", "3", "0", "0", "no"],
    ]
    assert run(gcl.command, "inspect", "db").output.splitlines()[-2:] == [
        "  holders  none",
        "  waiters  none",
    ]
    assert run(gcl.command, "reset", "db").output == "Reset concurrency limit 'db'.\n"
    assert run(gcl.command, "delete", "db", "--yes").exit_code == 0
    gone = run(gcl.command, "inspect", "db")
    assert (gone.exit_code, gone.stderr) == (1, "Error: there is no concurrency limit 'db'\n")
