"""Ledgers that earlier versions have written are brought up to date, and keep what they know."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from uuid import UUID

import peewee
import pytest

from headrace.records import FlowRunChanged, RecordBatch
from headrace_service.ledger import Ledger, migrations
from headrace_service.ledger.database import sqlite
from headrace_service.ledger.models import TABLES
from headrace_service.ledger.queries import events, flow_runs, logs, task_runs
from headrace_service.ledger.queries.paging import Page
from tests.builders import state

VERSIONS = sorted((Path(__file__).parent / "versions").glob("*.sql"))
#: When the old ledgers begin: 2026-01-01T00:00:00Z in microseconds.
THEN = 1_767_225_600_000_000
STEPS = sorted(Path(migrations.__file__).parent.glob("[0-9]*.py"))

Columns = dict[str, set[tuple[object, ...]]]


def id_of(number: int) -> UUID:
    """The id of one of the things in the old ledgers."""
    return UUID(f"019b7728-8000-7000-8000-{number:012x}")


def old_ledger(dump: Path, folder: Path) -> Path:
    """The file that an earlier version left."""
    path = folder / "ledger.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.executescript(dump.read_text())
    connection.execute(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {int(dump.stem)}")
    connection.close()
    return path


def form(path: Path) -> tuple[Columns, set[tuple[str, str]]]:
    """The columns of each table, in any order, and the indexes."""
    connection = sqlite3.connect(path)
    tables = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_") and name != "schema_migration"
    ]
    columns: Columns = {
        name: {row[1:] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        for name in tables
    }
    indexes = {
        (name, re.sub(r"\s+", " ", sql).replace("IF NOT EXISTS ", ""))
        for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        if not name.startswith("schema_migration")
    }
    connection.close()
    return columns, indexes


def test_the_steps_are_numbered_without_a_hole() -> None:
    assert [int(step.name[:4]) for step in STEPS] == list(range(1, migrations.LATEST + 1))


def test_the_steps_make_what_the_models_say(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "steps.db").close()
    db = peewee.SqliteDatabase(str(tmp_path / "models.db"), field_types=sqlite.FIELD_TYPES)
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
    db.close()
    assert form(tmp_path / "steps.db") == form(tmp_path / "models.db")


@pytest.mark.parametrize("dump", VERSIONS, ids=lambda dump: dump.stem)
def test_an_old_ledger_comes_to_the_form_of_a_new_one(dump: Path, tmp_path: Path) -> None:
    path = old_ledger(dump, tmp_path)
    Ledger.open(path).close()
    Ledger.open(tmp_path / "new.db").close()
    assert form(path) == form(tmp_path / "new.db")
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    connection.close()


@pytest.mark.parametrize("dump", VERSIONS, ids=lambda dump: dump.stem)
def test_an_old_ledger_keeps_what_it_knows_and_goes_on(dump: Path, tmp_path: Path) -> None:
    ledger = Ledger.open(old_ledger(dump, tmp_path))
    try:
        newer, older = ledger.read(flow_runs.page_of_flow_runs, Page(10)).result().rows
        assert (older.id, older.name, older.state_type, older.tags, older.task_run_counts) == (
            id_of(1),
            "calm-heron",
            "COMPLETED",
            '["night"]',
            '{"FAILED":1}',
        )
        assert (newer.parent_flow_run_id, newer.deployment_id) == (id_of(1), None)
        (task,) = ledger.read(task_runs.page_of_task_runs, Page(10)).result().rows
        assert (task.name, task.state_message, task.end_time) == (
            "load-0",
            "ValueError: no",
            THEN + 3,
        )
        (history,) = ledger.read(events.histories, [task.id]).result()
        assert [row.payload.name for row in history] == ["Pending", "Running", "Failed"]
        (line,) = ledger.read(logs.page_of_logs, Page(10)).result().rows
        assert line.message == "hello"
        # The stream that was open goes on with its next batch, and the log with its next place.
        ends = FlowRunChanged(newer.id, state("COMPLETED", at=THEN + 60))
        assert ledger.append(RecordBatch(id_of(9), 2, [ends])).result().refused == []
        assert ledger.append(RecordBatch(id_of(9), 1, [])).result().duplicate
        assert ledger.read(events.latest_event).result() == 7
    finally:
        ledger.close()
