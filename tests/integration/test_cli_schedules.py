"""Commands about schedules: listed, added, changed, paused, made up for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headrace import flow
from headrace.cli import deployment, flow_run, schedule
from headrace.schedules import Cron, Interval, RRule
from headrace.testing.utilities import headrace_test_harness


@flow
def etl(day: str = "today") -> None: ...


@pytest.fixture(autouse=True)
def deployed() -> Iterator[None]:
    """A ledger of the test's own, with a deployment."""
    with headrace_test_harness():
        morning = Cron(
            "0 8 * * *", timezone="Europe/Berlin", overlap="skip", start_deadline=600, slug="early"
        )
        often = Interval(3600, catchup="all", catchup_max=3, catchup_window=7200)
        etl.to_deployment("daily", schedules=[morning, often]).apply()
        yield


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def listed() -> list[dict[str, Any]]:
    return list(json.loads(run(schedule.command, "ls", "etl/daily", "--json").stdout))


def test_what_a_schedule_says_of_its_times_arrives() -> None:
    morning, often = listed()
    assert (morning["overlap"], morning["startDeadlineSeconds"], morning["catchup"]) == (
        "SKIP",
        600,
        "LATEST",
    )
    assert (often["catchup"], often["catchupMax"], often["catchupWindowSeconds"]) == (
        "ALL",
        3,
        7200,
    )
    table = run(schedule.command, "ls").stdout.splitlines()
    assert table[0].split() == ["ID", "SLUG", "DEPLOYMENT", "WHEN", "ACTIVE", "NEXT"]
    assert table[1].split()[1] == "early"
    assert "cron 0 8 * * * Europe/Berlin" in table[1]


def test_a_schedule_is_changed_paused_and_deleted() -> None:
    key = listed()[0]["id"]
    assert run(schedule.command, "edit", key, "--overlap", "queue").exit_code == 0
    changed = json.loads(run(schedule.command, "inspect", key, "--json").stdout)
    assert (changed["overlap"], changed["cron"], changed["slug"], changed["deployment"]) == (
        "QUEUE",
        "0 8 * * *",
        "early",
        "etl/daily",
    )
    assert run(schedule.command, "edit", key, "--interval", "60").exit_code == 0
    changed = json.loads(run(schedule.command, "inspect", key, "--json").stdout)
    assert (changed["intervalSeconds"], changed["cron"]) == (60, None)
    run(schedule.command, "pause", key)
    assert (listed()[0]["active"], listed()[0]["nextFire"]) == (False, None)
    run(schedule.command, "resume", key)
    assert listed()[0]["active"]
    run(schedule.command, "delete", key, "-y")
    assert len(listed()) == 1
    missing = run(schedule.command, "pause", key)
    assert (missing.exit_code, missing.stderr) == (
        1,
        f"Error: there is no schedule {key}; see `headrace schedule ls`\n",
    )


def test_a_schedule_is_called_by_its_slug() -> None:
    assert run(schedule.command, "pause", "early").exit_code == 0
    assert run(schedule.command, "edit", "early", "--cron", "0 7 * * *").exit_code == 0
    assert (listed()[0]["active"], listed()[0]["cron"]) == (False, "0 7 * * *")
    etl.to_deployment("other", schedule=Cron("0 9 * * *", slug="early"), _sync=True).apply(
        _sync=True
    )
    unclear = run(schedule.command, "resume", "early")
    assert unclear.stderr == (
        "Error: several deployments have a schedule 'early': etl/daily, etl/other; use its id\n"
    )
    run(schedule.command, "delete", listed()[0]["id"], "-y")
    assert run(schedule.command, "delete", "early", "-y").exit_code == 0
    missing = run(schedule.command, "delete", "early", "-y")
    assert "there is no schedule 'early'" in missing.stderr


def test_why_a_schedule_makes_no_run_is_told() -> None:
    run(deployment.command, "pause", "etl/daily")
    run(schedule.command, "pause", "early")
    early, often = run(schedule.command, "ls").stdout.splitlines()[1:]
    assert early.split()[-2:] == ["no", "-"]
    assert often.split()[-3:] == ["deployment", "paused", "-"]


def test_a_schedule_is_added_unless_it_makes_no_sense() -> None:
    added = run(schedule.command, "create", "etl/daily", "--cron", "0 9 * * *")
    assert "cron 0 9 * * *, next at " in added.stdout
    assert len(listed()) == 3
    wrong = run(
        schedule.command, "create", "etl/daily", "--cron", "0 9 * * *", "--timezone", "Mars"
    )
    assert (wrong.exit_code, "'Mars'" in wrong.stderr) == (1, True)
    never = run(schedule.command, "create", "etl/daily", "--cron", "0 0 30 2 *")
    assert (never.exit_code, "never comes to a time" in never.stderr) == (1, True)
    over = ("--rrule", "FREQ=DAILY;COUNT=1")
    for command in (("create", "etl/daily"), ("edit", listed()[0]["id"])):
        ended = run(schedule.command, *command, *over)
        assert (ended.exit_code, "never comes to a time" in ended.stderr) == (1, True)


def test_it_is_told_whose_runs_will_fail(capsys: pytest.CaptureFixture[str]) -> None:
    @flow
    def report(day: str) -> None: ...

    report.to_deployment("daily", cron="0 8 * * *", _sync=True).apply(_sync=True)
    told = capsys.readouterr().err
    assert "Deployment 'report/daily': runs of its schedule cron '0 8 * * *' will fail" in told
    added = run(schedule.command, "create", "report/daily", "--cron", "0 9 * * *")
    assert (added.exit_code, added.stderr) == (
        0,
        "Its runs will fail: the deployment has no value for 'day'.\n",
    )


def test_a_rule_that_is_over_may_stand_in_code(capsys: pytest.CaptureFixture[str]) -> None:
    over = RRule("DTSTART:20240101T000000\nRRULE:FREQ=DAILY;COUNT=1", slug="once")
    etl.to_deployment("old", schedule=over, _sync=True).apply(_sync=True)
    assert "never comes to a time" in capsys.readouterr().err
    (kept,) = json.loads(run(schedule.command, "ls", "etl/old", "--json").stdout)
    assert run(schedule.command, "edit", kept["id"], "--slug", "once-more").exit_code == 0


def test_a_backfill_is_shown_first_and_then_made() -> None:
    key = listed()[1]["id"]
    run(schedule.command, "delete", key, "-y")
    stretch = ("--from", "2026-01-01T00:00Z", "--to", "2026-01-03T00:00Z")
    shown = run(deployment.command, "backfill", "etl/daily", *stretch, "--dry-run")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == [
        "TIME",
        "2026-01-01",
        "2026-01-02",
    ]
    assert json.loads(run(flow_run.command, "ls", "--json").stdout) == []
    made = json.loads(run(deployment.command, "backfill", "etl/daily", *stretch, "--json").stdout)
    runs = json.loads(run(flow_run.command, "ls", "--json").stdout)
    assert sorted(one["id"] for one in runs) == sorted(made["flowRunIds"])
    wrong = run(deployment.command, "backfill", "etl/daily", "--from", "x", "--to", "y")
    assert wrong.stderr == "Error: --from 'x' is no time; one is 2026-05-01T08:00Z\n"
