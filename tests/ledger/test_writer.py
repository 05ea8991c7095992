"""Group commit: one job's error is its own, what was answered is on disk."""

from __future__ import annotations

import resource
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from headrace_service.ledger import Ledger, LedgerUnusable, LedgerVersion
from headrace_service.ledger.models import FlowRun
from tests.builders import Stream, flow_run, log_line
from tests.ledger.conftest import Place


def test_jobs_that_wait_together_fail_apart(ledger: Ledger) -> None:
    good, bad, run = Stream(), Stream(), flow_run()
    ledger.append(bad.batch(flow_run())).result()
    bad.batch()
    futures = [
        ledger.append(good.batch(run)),
        ledger.append(bad.batch(log_line(None, "after a gap"))),
        ledger.append(good.batch(log_line(run))),
    ]
    assert futures[0].result().accepted == 1
    assert futures[1].exception() is not None
    assert futures[2].result().accepted == 1


def test_a_statement_that_the_database_cannot_take_fails_its_job_alone(ledger: Ledger) -> None:
    stream = Stream()
    futures: list[Any] = [ledger.append(stream.batch(flow_run()))]
    futures.append(ledger.write(lambda db: db.execute_sql("SELECT nothing FROM nowhere")))
    futures.append(ledger.append(stream.batch(flow_run())))
    assert [future.exception() is None for future in futures] == [True, False, True]


def test_what_is_answered_is_seen_by_another_process_at_once(ledger: Ledger, place: Place) -> None:
    other = Ledger.open(place)
    ledger.append(Stream().batch(flow_run())).result()
    assert other.read(FlowRun.select().count).result() == 1
    other.close()


def test_a_writer_waits_for_as_long_as_another_process_holds_the_lock(
    file_ledger: Ledger,
) -> None:
    ledger = file_ledger
    other = sqlite3.connect(ledger.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    future = ledger.append(Stream().batch(flow_run()))
    # Longer than SQLite itself waits before it says "database is locked".
    release = threading.Timer(2.5, lambda: other.execute("COMMIT"))
    release.start()
    assert future.result(timeout=60).accepted == 1
    release.join()
    other.close()


def test_close_commits_what_waits_and_refuses_what_comes_after(ledger: Ledger) -> None:
    stream = Stream()
    futures = [ledger.append(stream.batch(flow_run())) for _ in range(200)]
    ledger.close()
    ledger.close()
    assert all(future.result(timeout=0).accepted == 1 for future in futures)
    with pytest.raises(LedgerUnusable, match="closed"):
        ledger.append(stream.batch())
    with pytest.raises(LedgerUnusable, match="closed"):
        ledger.read(lambda db: None)


def test_a_full_disk_refuses_the_batch_and_the_next_one_works(tmp_path: Path) -> None:
    ledger, stream, run = Ledger.open(tmp_path / "ledger.db"), Stream(), flow_run()
    ledger.append(stream.batch(run)).result()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    big = stream.batch(*(log_line(run, "x" * 60_000) for _ in range(100)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(LedgerUnusable):
            ledger.append(big).result(timeout=60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ledger.append(big).result(timeout=60).accepted == 100
    ledger.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_taken_away_is_noticed(tmp_path: Path, replaced: bool) -> None:
    path = tmp_path / "ledger.db"
    ledger, stream = Ledger.open(path), Stream()
    ledger.append(stream.batch(flow_run())).result()
    path.rename(tmp_path / "elsewhere.db")
    if replaced:
        path.write_bytes(b"")
    with pytest.raises(LedgerUnusable, match="replaced" if replaced else "removed"):
        ledger.append(stream.batch(flow_run())).result(timeout=60)
    (tmp_path / "elsewhere.db").replace(path)
    stream.number -= 1
    assert ledger.append(stream.batch(flow_run())).result(timeout=60).accepted == 1
    ledger.close()


def test_opening_what_is_no_ledger_says_so(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("this is no database, and long enough to be told from one by its head " * 20)
    with pytest.raises(LedgerUnusable, match=r"notes\.txt.*not a SQLite file"):
        Ledger.open(text)

    foreign = tmp_path / "other.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(LedgerVersion, match="another program"):
        Ledger.open(foreign)

    with pytest.raises(LedgerUnusable, match="cannot be opened"):
        Ledger.open(tmp_path / "no" / "such" / "folder.db")


def test_a_ledger_from_the_future_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerVersion, match="upgrade headrace"):
        Ledger.open(path)


def test_many_threads_may_open_a_new_ledger_at_once(empty_place: Place) -> None:
    opened, failed = [], []

    def open_and_write() -> None:
        try:
            ledger = Ledger.open(empty_place)
            opened.append(ledger.append(Stream().batch(flow_run())).result())
            ledger.close()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=open_and_write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(opened) == 8


def test_the_tables_are_what_the_models_say(file_ledger: Ledger) -> None:
    """The frozen first step and the live models must not drift apart unnoticed."""
    import peewee

    from headrace_service.ledger.models import TABLES

    fresh = peewee.SqliteDatabase(":memory:", field_types={"RUN_ID": "BLOB"})
    with fresh.bind_ctx(TABLES):
        fresh.create_tables(TABLES)

    def shape(db: peewee.Database) -> set[tuple[str, str]]:
        rows = db.execute_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND name NOT LIKE 'schema_migration%' AND name NOT LIKE 'sqlite_%'"
        )
        return {(name, sql.replace(" AUTOINCREMENT", "")) for name, sql in rows}

    assert file_ledger.read(shape).result() == shape(fresh)
    fresh.close()
