"""Commands: what they print, and what they leave out."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from pydantic import SecretStr

from headrace import flow, tags, task
from headrace.artifacts import create_markdown_artifact, create_table_artifact
from headrace.blocks.core import Block
from headrace.blocks.system import Secret
from headrace.cli import (
    artifact,
    block,
    completing,
    event,
    flow_run,
    gcl,
    root,
    task_run,
    variable,
)
from headrace.client import Client, saved
from headrace.concurrency.sync import concurrency
from headrace.events import emit_event
from headrace.states import Completed
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


def test_a_state_is_asked_for_by_its_type_or_its_name() -> None:
    flow(name="good")(lambda: None)()
    skipped: Any = flow(name="skipping")(lambda: Completed(name="Skipped"))
    skipped(return_state=True)

    def names(*options: str) -> list[str]:
        listed = json.loads(run(flow_run.command, "ls", "--json", *options).stdout)
        return [one["flowName"] for one in listed]

    assert names("--state", "completed") == ["skipping", "good"]
    assert names("--state", "Skipped") == ["skipping"]
    assert names("--state", "completed", "--state", "Skipped") == ["skipping", "good"]
    assert names("--state", "completed", "--state", "Late") == ["good"]
    assert names("--state-type", "COMPLETED", "--state", "Skipped") == ["skipping"]
    mistyped = run(flow_run.command, "ls", "--state", "foo")
    assert (mistyped.exit_code, "in a state 'foo'; " in mistyped.stderr) == (0, True)
    refused = run(flow_run.command, "ls", "--state-type", "foo")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: --state-type 'foo': there is no such type; there are scheduled, pending, running, "
        "completed, failed, cancelled, crashed, paused, cancelling\n",
    )


def test_a_list_goes_on_where_a_shorter_one_has_ended() -> None:
    one = flow(name="f")(lambda: None)
    for place in range(3):
        one.with_options(flow_run_name=f"r{place}")()
    first = run(flow_run.command, "ls", "--json", "--limit", "2")
    assert [each["name"] for each in json.loads(first.stdout)] == ["r2", "r1"]
    assert first.stderr.startswith("There are more flow runs: ")
    (after,) = re.findall(r"--after (\S+)", first.stderr)
    rest = run(flow_run.command, "ls", "--json", "--limit", "2", "--after", after)
    assert ([each["name"] for each in json.loads(rest.stdout)], rest.stderr) == (["r0"], "")


def test_flow_runs_are_found_by_flow_tag_and_time() -> None:
    with tags("nightly"):
        flow(name="a")(lambda: None)()
    flow(name="b")(lambda: None)()

    def names(*options: str) -> list[str]:
        listed = json.loads(run(flow_run.command, "ls", "-o", "json", *options).stdout)
        return [one["flowName"] for one in listed]

    assert names("--flow-name", "a", "--flow-name", "b") == ["b", "a"]
    assert names("--tag", "nightly") == ["a"]
    assert names("--since", "1h") == ["b", "a"]
    assert names("--since", "2999-01-01") == []
    assert run(flow_run.command, "ls", "--since", "soon").exit_code == 1
    assert run(flow_run.command, "ls", "--deployment", "no/such").stderr == (
        "Error: there is no deployment 'no/such'\n"
    )


def test_task_runs_also_those_in_the_background() -> None:
    @task(log_prints=True, task_run_name="greets")
    def greet() -> None:
        print("hello")

    flow(name="f", flow_run_name="r")(lambda: greet())()
    waiting = greet.delay()
    table = run(task_run.command, "ls").stdout
    assert [row.split()[0] for row in table.splitlines()[1:]] == [
        str(waiting.task_run_id),
        *(one["id"] for one in _listed(task_run.command, "--flow-run", "r")),
    ]
    assert "no worker" in table
    shown = run(task_run.command, "inspect", str(waiting.task_run_id)).stdout
    assert "No task worker serves task 'greet'" in shown
    assert _listed(task_run.command, "--state", "scheduled", "--task-name", "greet") != []
    (ended,) = _listed(task_run.command, "--state", "Completed", "--task-run-name", "greets")
    logs = run(task_run.command, "logs", ended["id"]).stdout
    assert "| Task run 'greets' - hello\n" in logs
    newest = run(task_run.command, "inspect", "greets", "--json")
    assert json.loads(newest.stdout)["id"] == str(waiting.task_run_id)
    assert "Several task runs are named 'greets'" in newest.stderr
    assert run(task_run.command, "logs", "nobody").exit_code == 1


def _listed(command: Any, *options: str) -> list[dict[str, Any]]:
    return list(json.loads(run(command, "ls", "--json", *options).stdout))


def test_a_run_is_shown_in_words_and_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    nap = task(lambda: None)
    flow(name="f", flow_run_name="r")(lambda: len([nap(), nap()]))()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        shown = run(flow_run.command, "inspect", "r").stdout
    finally:
        monkeypatch.undo()
        time.tzset()
    fields = dict(line.split(maxsplit=1) for line in shown.split("\n\n")[0].splitlines())
    assert (fields["state"], fields["taskRunCounts"]) == ("Completed", "2 completed")
    assert fields["createdAt"].endswith(" JST")
    assert "{" not in shown


def test_artifacts_from_list_to_deletion() -> None:
    create_markdown_artifact("# one", key="report", description="first")
    create_markdown_artifact("# two", key="report")
    create_table_artifact([{"a": 1}], key="rows")
    assert [one["key"] for one in _listed(artifact.command)] == ["rows", "report"]
    assert len(_listed(artifact.command, "--all", "--type", "markdown")) == 2
    shown = run(artifact.command, "inspect", "report").stdout
    assert shown.index("# two") < shown.index("# one")
    assert run(artifact.command, "delete", "report", "-y").stderr == (
        "Deleted artifact 'report': 2 of it.\n"
    )
    (left,) = _listed(artifact.command, "--all")
    assert run(artifact.command, "delete", "--id", left["id"]).exit_code == 0
    assert run(artifact.command, "inspect", "rows").exit_code == 1
    assert run(artifact.command, "delete").exit_code == 2


def test_blocks_are_shown_without_their_secrets() -> None:
    Secret(value=SecretStr("sesame")).save("door")
    (one,) = _listed(block.command)
    for options in (["secret/door"], ["secret/door", "--json"], ["--id", one["id"]]):
        shown = run(block.command, "inspect", *options)
        assert (shown.exit_code, "sesame" in shown.output) == (0, False)
    assert "secret" in run(block.command, "type", "ls").stdout
    assert run(block.command, "type", "inspect", "secret").stdout.splitlines()[-1].split() == [
        *("value", "-", "yes", "yes")
    ]
    assert run(block.command, "inspect", "door").exit_code == 1
    assert run(block.command, "delete", "secret/door").exit_code == 0
    assert _listed(block.command) == []


class Shift(Block):
    since: str
    timestamp: str
    city: dict[str, str]


def test_a_blocks_fields_may_be_called_as_ours_are() -> None:
    Shift(since="yesterday", timestamp="noon", city={"name": "Zürich"}).save("late")
    shown = run(block.command, "inspect", "shift/late")
    assert [line.split(maxsplit=1) for line in shown.stdout.splitlines()[-3:]] == [
        ["since", "yesterday"], ["timestamp", "noon"], ["city", '{"name": "Zürich"}'],
    ]  # fmt: skip


def test_a_shell_is_told_plain_names_from_all_pages() -> None:
    for name in ("odd \x1b[31mred", "odd\nline", "odd but plain"):
        flow(name="f", flow_run_name=name)(lambda: None)()
    assert completed(completing.flow_runs, "odd") == ["odd but plain"]
    with Client() as client:
        for number in range(201):
            client.perform(saved.set_variable(f"v{number:03}", number, (), False))
    assert completed(completing.variables, "v200") == ["v200"]


def completed(complete: completing.Complete, begun: str) -> list[str]:
    option = click.Option(["--name"])
    return list(complete(click.Context(click.Command("c")), option, begun))


def test_completing_below_a_command_that_there_is_not_completes_nothing() -> None:
    below = ShellComplete(root, {}, "headrace", "_HEADRACE_COMPLETE")
    assert below.get_completions(["nonsense"], "") is not None


@pytest.mark.parametrize("name", ["task", "tasks", "profiles"])
def test_what_is_done_in_place_of_a_command_is_told_in_the_plural_too(name: str) -> None:
    assert "Did you mean" not in (told := run(root, name).stderr)
    assert "in Python" in told or "headrace.toml" in told


def test_a_time_is_refused_in_one_wording() -> None:
    wrong = run(flow_run.command, "ls", "--since", "soon")
    assert wrong.stderr == (
        "Error: --since 'soon' is no time; one is 2026-05-01T08:00Z, or 2h for how long ago\n"
    )


def test_a_version_that_is_gone_meanwhile_does_not_end_the_deletion() -> None:
    for text in ("one", "two"):
        create_markdown_artifact(text, key="report")
    first, second = (one["id"] for one in _listed(artifact.command, "--all"))
    artifact.delete_all([first, first, second])
    assert _listed(artifact.command, "--all") == []


def test_events_are_told_listed_and_followed() -> None:
    told = run(event.command, "emit", "order.shipped", "--resource-id", "o-1", "-p", '{"n": 1}')
    assert told.stdout.startswith("Emitted event 'order.shipped' with id ")
    (one,) = _listed(event.command, "--name", "order.shipped")
    assert (one["resource"], one["payload"]) == ({"headrace.resource.id": "o-1"}, {"n": 1})
    assert "order.shipped" in run(event.command, "ls").stdout
    assert run(event.command, "emit", "order.shipped").exit_code == 2
    assert run(event.command, "emit", "x", "-r", "y").exit_code == 1
    with ThreadPoolExecutor() as threads:
        followed = threads.submit(
            run, event.command, "stream", "--run-once", "--name", "order.sent"
        )

        def heard() -> bool:
            emit_event("order.sent", {"headrace.resource.id": "o-2"})
            return bool(wait([followed], timeout=0.2).done)

        until(heard, "an event is printed")
        assert "| order.sent | o-2 {}" in followed.result().stdout


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
    for change in (["delete", "-y"], ["cancel"], ["retry"], ["suspend"], ["resume"]):
        refused = run(flow_run.command, *change, "nightly")
        assert refused.exit_code == 1
        assert f"2 flow runs are named 'nightly'; give the id: {newest['id']}," in refused.stderr
    assert run(flow_run.command, "delete", newest["id"], "-y").exit_code == 0
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
        ('{"a": [1]}', {"a": [1]}, '{"a": [1]}\n'),
        ("null", None, "null\n"),
        ("eu-west", "eu-west", '"eu-west"\n'),
        ("NaN", "NaN", '"NaN"\n'),
        ('"12"', "12", '"12"\n'),
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
    assert run(variable.command, "get", "name").output == '"x"\n'
    shown = run(variable.command, "inspect", "name").output
    assert ["value", '"x"'] in [line.split() for line in shown.splitlines()]
    assert run(variable.command, "unset", "size").output == "Unset variable 'size'.\n"
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
    made = json.loads(run(gcl.command, "reset", "db", "--json").output)
    assert (made["name"], made["slotsTaken"]) == ("db", 0)
    deleted = json.loads(run(gcl.command, "delete", "db", "--yes", "--json").output)
    assert deleted == {"id": made["id"], "name": "db"}
    gone = run(gcl.command, "inspect", "db")
    assert (gone.exit_code, gone.stderr) == (1, "Error: there is no concurrency limit 'db'\n")
