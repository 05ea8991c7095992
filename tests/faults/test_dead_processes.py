"""Scripts that end without a word, whatever the way: their runs do not look alive for long."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.records import now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.limits import LimitValues, create_limit
from tests.faults.processes import Service, running
from tests.recorder_kit import until

#: Silence that a process may keep, in seconds; the tests do not wait for more than one of them.
SHORT = {"HEADRACE_PROCESS_HEARTBEAT": "0.2", "HEADRACE_PROCESS_LEASE": "1"}
CRASHED = {("flow", "CRASHED"), ("task", "CRASHED")}
RUNNING = {("flow", "RUNNING"), ("task", "RUNNING")}


def states(path: Path) -> set[tuple[str, str]]:
    """The states of all runs in a ledger file."""
    with closing(sqlite3.connect(path)) as connection:
        flows = connection.execute("SELECT 'flow', state_type FROM flow_run").fetchall()
        tasks = connection.execute("SELECT 'task', state_type FROM task_run").fetchall()
    return {*flows, *tasks}


def messages(path: Path) -> list[str]:
    """The messages of the flow runs' states."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT state_message FROM flow_run")]


@pytest.mark.parametrize("how", ["exit in the flow", "exit in a task"])
def test_the_next_script_ends_the_runs_of_one_that_has_exited(home: Path, how: str) -> None:
    with running({}, "flow_that_ends", how) as script:
        script.finish()
        assert script.code == 3
    path = home / "ledger.db"
    assert ("flow", "RUNNING") in states(path)
    with running({}, "one_line", "the next") as script:
        script.finish()
    until(lambda: ("flow", "CRASHED") in states(path), "the flow run has crashed")
    assert not states(path) & RUNNING
    assert "ended without a word" in messages(path)[0]


def test_a_killed_script_and_whoever_watches_the_file(home: Path) -> None:
    with running({}, "flow_that_ends", "wait") as script, running({}, "watch") as watch:
        assert script.hear() == "running"
        assert watch.hear() == "watching"
        script.kill()
        until(lambda: states(home / "ledger.db") == CRASHED, "its runs have crashed")


def test_a_script_that_is_killed_while_a_service_listens(service: Service) -> None:
    with running(service.environment, "flow_that_ends", "wait") as script:
        assert script.hear() == "running"
        assert states(service.path) == RUNNING
        script.kill()
    until(lambda: states(service.path) == CRASHED, "its runs have crashed")
    assert "ended without a word" in messages(service.path)[0]


def test_a_script_that_cannot_be_seen_and_is_silent_for_too_long_has_lost_its_runs(
    service: Service,
) -> None:
    with running({**service.environment, **SHORT}, "flow_that_ends", "wait") as script:
        assert script.hear() == "running"
        with closing(sqlite3.connect(service.path, isolation_level=None)) as connection:
            script.signal(signal.SIGSTOP)
            connection.execute("UPDATE process SET identity = 'of another machine'")
        until(lambda: states(service.path) == CRASHED, "its runs have crashed")
        assert "was not heard of for 1 s" in messages(service.path)[0]
        script.signal(signal.SIGCONT)
        script.tell()
        out, err = script.finish()
    assert out == "worked"  # its own work is not disturbed
    assert "was not heard of and taken for dead: the run has ended as CRASHED" in err
    assert "records were refused in all" in err
    assert states(service.path) == CRASHED


def test_a_living_script_survives_the_absence_of_its_service(service: Service) -> None:
    with running({**service.environment, **SHORT}, "flow_that_ends", "wait") as script:
        assert script.hear() == "running"
        service.kill()
        until(lambda: leases_have_ended(service.path), "all have been silent for their lease")
        service.restart()
        with running(service.environment, "one_line", "meanwhile") as other:
            other.finish()
        assert states(service.path) == RUNNING
        script.tell()
        assert script.finish()[0] == "worked"
    assert states(service.path) == {("flow", "COMPLETED"), ("task", "COMPLETED")}


def test_what_a_script_could_not_tell_corrects_that_its_runs_crashed(
    service: Service, tmp_path: Path
) -> None:
    # In a home of its own, its spool is not where the service looks.
    own = {**service.environment, "HEADRACE_HOME": str(tmp_path / "own")}
    with running(own, "flow_that_ends", "wait") as script:
        assert script.hear() == "running"
        service.kill()
        script.tell()
        assert script.finish()[0] == "worked"
        assert script.code == 0
    service.restart()
    until(lambda: states(service.path) == CRASHED, "its runs are taken for crashed")
    with running(own, "one_line", "the next") as script:
        assert script.finish() == ("", "")
    assert states(service.path) == {("flow", "COMPLETED"), ("task", "COMPLETED")}
    with closing(sqlite3.connect(service.path)) as connection:
        found = connection.execute("SELECT task_run_counts FROM flow_run").fetchall()
    assert found == [('{"COMPLETED":1}',)]
    assert list((tmp_path / "own" / "spool").iterdir()) == []


def leases_have_ended(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM process WHERE until > ?", (now_micros(),)
        )
    return not count


@pytest.mark.parametrize("embedded", [True, False], ids=["embedded", "http"])
def test_a_killed_holders_slot_is_given_on(service: Service, home: Path, embedded: bool) -> None:
    environment = {} if embedded else service.environment
    path = home / "ledger.db" if embedded else service.path
    with closing(Ledger.open(path)) as ledger:
        ledger.write(create_limit, "db", LimitValues(1), 0).result()
    with running(environment, "slot_holder", "db") as holder:
        assert holder.hear() == "holding"
        with running(environment, "slot_holder", "db") as waiter:
            until(lambda: waits(path), "the other stands in line")
            holder.kill()
            assert waiter.hear() == "holding"
            waiter.tell()
            assert waiter.finish()[0] == "done"


def waits(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM waiter")
    return bool(count)
