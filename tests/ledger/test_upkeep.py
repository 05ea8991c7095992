"""A ledger as a whole: what is said of it, upgrades, copies, its room, its end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from headrace_service.ledger import Ledger, LedgerUnusable, LedgerVersion, upkeep
from headrace_service.ledger.database.sqlite import SqliteBackend
from headrace_service.ledger.migrations import LATEST
from headrace_service.ledger.queries.events import latest
from headrace_service.ledger.queries.retained import newest_deleted_event, newest_deleted_log
from tests.builders import Stream, flow_run, log_line, task_run
from tests.ledger.conftest import Place


def fill(ledger: Ledger, lines: int = 20) -> None:
    run = flow_run()
    records = [log_line(run, "x" * 1000) for _ in range(lines)]
    ledger.append(Stream().batch(run, task_run(run), *records)).result()


def test_what_is_said_of_a_ledger(place: Place, ledger: Ledger) -> None:
    fill(ledger)
    found = upkeep.info(place)
    assert (found.ledger, found.version, found.newest_version) == (ledger.name, LATEST, LATEST)
    assert (found.rows["flow_run"], found.rows["task_run"], found.rows["log"]) == (1, 1, 20)
    assert found.bytes > 0


def test_an_empty_place_is_upgraded_once(empty_place: Place) -> None:
    assert upkeep.upgrade(empty_place) == (0, LATEST)
    assert upkeep.upgrade(empty_place) == (LATEST, LATEST)


def test_everything_goes_but_places_are_not_given_again(place: Place, ledger: Ledger) -> None:
    fill(ledger)
    event, log = ledger.read(latest).result()
    assert upkeep.reset(place) > 20
    rows = upkeep.info(place).rows
    assert {name for name, count in rows.items() if count} == {"retention"}
    assert ledger.read(newest_deleted_event).result() == event
    assert ledger.read(newest_deleted_log).result() == log
    fill(ledger)
    assert min(ledger.read(latest).result()) > max(2, min(event, log))


def test_room_is_given_back_while_the_ledger_is_open(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    fill(ledger, 500)
    upkeep.reset(ledger.path)
    before, after = upkeep.vacuum(ledger.path)
    assert before - after > 400_000
    fill(ledger)
    ledger.close()


def test_postgres_is_vacuumed_and_copied_by_its_own_means(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = request.getfixturevalue("postgres").emptied()
    Ledger.open(place).close()
    assert min(upkeep.vacuum(place)) > 0
    with pytest.raises(LedgerUnusable, match="pg_dump"):
        upkeep.backup(place, tmp_path / "copy")


def test_a_copy_is_whole_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    fill(ledger)
    target = tmp_path / "copy.db"
    assert upkeep.backup(ledger.path, target) == target.stat().st_size
    fill(ledger)
    ledger.close()
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []
    assert upkeep.info(target).rows["log"] == 20
    copied = Ledger.open(target)
    fill(copied)
    copied.close()


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.db"
    for verb in (upkeep.info, upkeep.vacuum, upkeep.reset):
        with pytest.raises(LedgerUnusable, match="there is no ledger"):
            verb(nowhere)
    assert not nowhere.exists()
    path = tmp_path / "ledger.db"
    Ledger.open(path).close()
    with pytest.raises(LedgerUnusable, match="there is no folder"):
        upkeep.backup(path, tmp_path / "folder" / "copy.db")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()
    with pytest.raises(LedgerVersion, match="upgrade headrace"):
        upkeep.upgrade(path)
    assert SqliteBackend(path).is_there()
