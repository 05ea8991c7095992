"""Commands about pools, queues, workers and runs of deployments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import uuid_utils.compat as uuids
from click.testing import CliRunner, Result

from headrace import flow
from headrace.cli import config, deployment, flow_run, work_pool, work_queue, worker
from headrace.client import Client, work
from headrace.testing.utilities import headrace_test_harness


@flow
def etl() -> None: ...


@pytest.fixture(autouse=True)
def pool() -> Iterator[None]:
    """A ledger of the test's own, with a pool and a deployment."""
    with headrace_test_harness():
        run(work_pool.command, "create", "pool")
        etl.deploy("daily", work_pool_name="pool")
        yield


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def queues() -> list[tuple[str, int, bool]]:
    listed = json.loads(run(work_queue.command, "ls", "-p", "pool", "--json").stdout)
    return [(one["name"], one["priority"], one["paused"]) for one in listed]


def test_queues_have_priorities_and_rest() -> None:
    assert run(work_queue.command, "create", "urgent", "-p", "pool").exit_code == 0
    assert queues() == [("default", 1, False), ("urgent", 2, False)]
    run(work_queue.command, "prioritize", "default", "-p", "pool", "3")
    run(work_queue.command, "pause", "default", "-p", "pool")
    assert queues() == [("urgent", 2, False), ("default", 3, True)]
    asked = run(deployment.command, "run", "etl/daily")
    assert "Work queue 'default' of pool 'pool' is paused." in asked.stderr
    run(work_queue.command, "resume", "default", "-p", "pool")
    assert queues()[1] == ("default", 3, False)
    for refused in (["pause", "none"], ["inspect", "none"]):
        missing = run(work_queue.command, *refused, "-p", "pool")
        assert missing.stderr == "Error: work pool 'pool' has no queue 'none'\n"
    again = run(work_queue.command, "create", "urgent", "-p", "pool")
    assert again.stderr == "Error: work pool 'pool' has a queue 'urgent' already\n"


def test_pools_and_queues_are_changed() -> None:
    asked = ("update", "pool", "--description", "nights", "--concurrency-limit", "3")
    assert run(work_pool.command, *asked).exit_code == 0
    run(work_queue.command, "set-concurrency-limit", "default", "2", "-p", "pool")
    one = json.loads(run(work_pool.command, "inspect", "pool", "-o", "json").stdout)
    assert (one["description"], one["concurrencyLimit"]) == ("nights", 3)
    assert [queue["concurrencyLimit"] for queue in one["queues"]] == [2]
    run(work_pool.command, "set-concurrency-limit", "pool", "8")
    assert "8" in run(work_pool.command, "ls").stdout.splitlines()[1].split()
    assert run(work_pool.command, "update", "pool").exit_code == 2
    assert run(work_pool.command, "update", "none", "--description", "x").exit_code == 1
    listed = run(flow_run.command, "ls", "--deployment", "etl/daily", "--json")
    assert json.loads(listed.stdout) == []


def test_a_key_that_stands_for_a_run_is_told() -> None:
    first = run(deployment.command, "run", "etl/daily", "--idempotency-key", "k")
    again = run(deployment.command, "run", "etl/daily", "--idempotency-key", "k")
    name = first.stdout.removeprefix("Created flow run ").removesuffix(".\n")
    assert again.stdout == f"Flow run {name} exists already for this key.\n"


def test_asking_for_a_run_tells_that_nobody_would_execute_it() -> None:
    asked = run(deployment.command, "run", "etl/daily", "--flow-run-name", "first")
    assert asked.exit_code == 0
    assert "`headrace worker start --pool pool`" in asked.stderr
    assert "no worker" in run(flow_run.command, "ls").stdout
    shown = run(flow_run.command, "inspect", "first").stdout
    assert "No worker works for pool 'pool'" in shown


def test_a_text_that_looks_like_json_is_refused_with_how_it_is_given() -> None:
    @flow
    def report(day: str) -> None: ...

    report.deploy("daily", work_pool_name="pool")
    refused = run(deployment.command, "run", "report/daily", "-p", "day=5")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: the parameters do not fit deployment 'report/daily': day: "
        "5 is not of type 'string'; to give a text, quote it: -p 'day=\"5\"'\n",
    )
    assert run(deployment.command, "run", "report/daily", "-p", 'day="5"').exit_code == 0


def test_a_job_variable_that_nobody_heeds_is_told() -> None:
    asked = run(deployment.command, "run", "etl/daily", "-jv", "nope=1", "-jv", 'env={"A": "1"}')
    assert asked.exit_code == 0
    assert asked.stderr.startswith("Job variable 'nope' has no effect; there is env.\n")


def test_a_run_that_is_suspended_is_resumed() -> None:
    run(deployment.command, "run", "etl/daily", "--flow-run-name", "first")
    assert run(flow_run.command, "suspend", "first", "--timeout", "3600").stdout == (
        "Flow run 'first' is in state Suspended.\n"
    )
    assert "`headrace flow-run resume`" in run(flow_run.command, "inspect", "first").stdout
    no_input = run(flow_run.command, "resume", "first", "--input", '{"reason": "ok"}')
    assert (no_input.exit_code, no_input.stderr) == (
        1,
        "Error: the run does not wait for any input\n",
    )
    for text, why in (("[1]", "--input is no JSON object"), ("{", "--input is no JSON: ")):
        assert why in run(flow_run.command, "resume", "first", "--input", text).stderr
    resumed = run(flow_run.command, "resume", "first", "--json")
    assert json.loads(resumed.stdout)["state"]["name"] == "Resuming"
    again = run(flow_run.command, "resume", "first")
    assert (again.exit_code, "it is Resuming" in again.stderr) == (1, True)


def test_a_run_that_waits_for_input_says_which_and_how_it_is_given() -> None:
    run(deployment.command, "run", "etl/daily", "--flow-run-name", "first")
    run(flow_run.command, "suspend", "first")
    form = {"properties": {"reason": {"type": "string"}, "n": {"type": "integer"}}}
    with Client() as client:
        (waiting,) = client.flow_runs()["nodes"]
        expected = {"response": "answer", "schema": {**form, "required": ["reason"]}}
        client.create_flow_run_input(waiting["id"], "pause", expected, replace=True)
    wanted = (
        "it waits for the input reason (string), n (integer, may be left out): "
        "resume it with --input '{\"reason\": …}'\n"
    )
    assert wanted in run(flow_run.command, "inspect", "first").stdout
    refused = run(flow_run.command, "resume", "first")
    assert refused.stderr == f"Error: 'reason' is a required property; {wanted}"
    resumed = run(flow_run.command, "resume", "first", "--input", '{"reason": "ok"}')
    assert (resumed.exit_code, resumed.stdout) == (0, "Flow run 'first' is in state Resuming.\n")


def test_a_run_that_has_ended_is_not_cancelled_and_that_is_said() -> None:
    run(deployment.command, "run", "etl/daily", "--flow-run-name", "first")
    assert run(flow_run.command, "cancel", "first").exit_code == 0
    late = run(flow_run.command, "cancel", "first")
    assert (late.exit_code, late.stderr) == (
        1,
        "Error: flow run 'first' has ended already: it is Cancelled\n",
    )


def test_two_workers_of_one_name_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    other = {"workerId": str(uuids.uuid7()), "workerName": "w", "workPoolName": "pool"}
    about = {"host": "here", "pid": 1, "leaseSeconds": 300, "limit": 1}
    with Client() as client:
        client.perform(work.claim_flow_runs({**other, **about}))
    capsys.readouterr()
    worker.warn_of_another("another", "pool")
    worker.warn_of_another("w", "pool")
    told = "There is a worker 'w' in pool 'pool' already: process 1 on here.\n"
    assert capsys.readouterr().err == told


def test_times_that_make_no_sense_name_their_option() -> None:
    wrong = run(deployment.command, "run", "etl/daily", "--start-in", "abc")
    assert wrong.stderr == "Error: --start-in 'abc' is no number of seconds; one is 90\n"
    wrong = run(deployment.command, "run", "etl/daily", "--start-at", "abc")
    assert wrong.stderr == "Error: --start-at 'abc' is no time; one is 2026-05-01T08:00Z\n"
    stretch = ("backfill", "etl/daily", "--from", "2026-05-02", "--to", "2026-05-01")
    wrong = run(deployment.command, *stretch)
    assert (wrong.exit_code, wrong.stderr) == (
        1,
        "Error: --from 2026-05-02 is later than --to 2026-05-01\n",
    )


def test_a_run_that_was_cancelled_is_tried_once_more() -> None:
    run(deployment.command, "run", "etl/daily", "--flow-run-name", "first")
    early = run(flow_run.command, "retry", "first")
    assert (early.exit_code, "cannot be tried once more" in early.stderr) == (1, True)
    assert "Cancelled" in run(flow_run.command, "cancel", "first").stdout
    assert run(flow_run.command, "retry", "first").stdout == (
        "Flow run 'first' is in state AwaitingRetry.\n"
    )


def test_following_the_log_ends_with_the_run() -> None:
    @flow(flow_run_name="talks", log_prints=True)
    def talks() -> None:
        print("hello")

    talks()
    assert "hello" in run(flow_run.command, "logs", "talks", "--follow").stdout


def test_no_workers_are_an_empty_list() -> None:
    assert json.loads(run(worker.command, "ls", "--json").stdout) == []
    missing = run(worker.command, "inspect", "w")
    assert missing.stderr == "Error: there is no worker 'w'; see `headrace worker ls`\n"


def test_settings_are_shown_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_settings", settings_with_secrets)
    shown = json.loads(run(config.command, "view", "--json").stdout)
    assert shown["api_key"] == "********"
    assert shown["api_url"] == "http://me:********@example.org"
    assert "HEADRACE_LOGGING_LEVEL='INFO' (from defaults)" in run(config.command, "view").stdout


def settings_with_secrets() -> Any:
    from pathlib import Path

    from headrace.settings import Settings

    return Settings(Path("/home"), api_url="http://me:secret@example.org", api_key="hr_secret")


def test_a_pool_that_is_to_be_deleted_is_not_advised_to_be_created() -> None:
    refused = run(work_pool.command, "delete", "nope")
    assert refused.stderr == "Error: there is no work pool 'nope'; see `headrace work-pool ls`\n"
