"""A ledger as a whole: what is said of it, upgrades, copies, its room, its end."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from headrace_service.ledger import Ledger, LedgerUnusable, LedgerVersion, upkeep
from headrace_service.ledger.database.dump import dump
from headrace_service.ledger.database.sqlite import SqliteBackend
from headrace_service.ledger.migrations import LATEST
from headrace_service.ledger.queries.events import latest
from headrace_service.ledger.queries.retained import newest_deleted_event, newest_deleted_log
from tests.builders import Stream, flow_run, log_line, task_run
from tests.ledger.conftest import Place
from tests.postgres import Server


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


def test_postgres_is_vacuumed_and_copied_by_its_own_program(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = postgres.emptied()
    ledger = Ledger.open(place)
    fill(ledger)
    ledger.close()
    assert min(upkeep.vacuum(place)) > 0
    monkeypatch.setenv("PATH", str(postgres.programs), prepend=os.pathsep)
    target = tmp_path / "copy"
    assert upkeep.backup(place, target) == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    listed = subprocess.run(
        [postgres.programs / "pg_restore", "--list", target], capture_output=True, check=True
    )
    assert b"TABLE DATA public task_run" in listed.stdout
    with pytest.raises(LedgerUnusable, match=r"was not copied: pg_dump: error: .* does not exist"):
        dump(place.replace("/ledger_", "/no_ledger_"), target, "it")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_who_has_no_pg_dump_is_told_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LedgerUnusable) as caught:
        dump("postgresql://me:secret@db.example.com/mill", tmp_path / "copy", "it")
    assert str(caught.value) == (
        "it is a PostgreSQL database, which pg_dump copies, and that is not installed here; where "
        "it is, run pg_dump --format=custom '--dbname=user=me dbname=mill host=db.example.com' "
        f"--file={tmp_path / 'copy'}"
    )


def test_a_password_is_not_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands for the program writes down how it was called."""
    program = tmp_path / "pg_dump"
    program.write_text(
        '#!/bin/sh\nfor each; do :; done\necho "$PGPASSWORD $*" > "${each#--file=}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    dump("postgresql://me:secret@h/mill?sslpassword=other", tmp_path / "copy", "it")
    password, _, arguments = (tmp_path / "copy").read_text().partition(" ")
    assert password == "secret"
    assert "--no-password" in arguments
    assert "secret" not in arguments
    assert "other" not in arguments


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


def test_a_new_file_is_for_its_owner_alone_and_an_older_one_is_left_as_it_is(
    tmp_path: Path,
) -> None:
    older = tmp_path / "older.db"
    older.touch(mode=0o640)
    older.chmod(0o640)
    Ledger.open(older).close()
    assert older.stat().st_mode & 0o777 == 0o640
    ledger = Ledger.open(tmp_path / "ledger.db")
    fill(ledger)
    upkeep.backup(ledger.path, tmp_path / "copy.db")
    mine = [path for path in tmp_path.iterdir() if path != older]
    assert {path.suffix for path in mine} == {".db", ".db-wal", ".db-shm"}
    assert {path.stat().st_mode & 0o777 for path in mine} == {0o600}
    ledger.close()


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
