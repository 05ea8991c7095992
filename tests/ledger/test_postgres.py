"""What only a server can do: go away, undo a transaction, stop a query, refuse a character."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import peewee
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from headrace_service.ledger import Ledger, LedgerUnusable, LedgerVersion, TookTooLong
from headrace_service.ledger.database.listener import Listener
from headrace_service.ledger.database.postgres import LOCK, PostgresBackend
from headrace_service.ledger.models import Flow, Log
from headrace_service.ledger.tail import FeedChunk
from tests.builders import Stream, flow_run, log_line, task_run
from tests.postgres import Server, execute
from tests.recorder_kit import until

OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def url(postgres: Server) -> str:
    """Where a ledger is that has nothing in it."""
    return postgres.emptied()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """That ledger."""
    opened = Ledger.open(url)
    yield opened
    opened.close()


def messages(ledger: Ledger) -> list[str]:
    """The messages of all log lines."""

    def query(db: peewee.Database) -> list[str]:
        return [text for (text,) in Log.select(Log.message).order_by(Log.seq).tuples().execute(db)]

    return ledger.read(query).result(20)


def end_connections(url: str) -> None:
    """End every connection to the database, as a restart of the server does."""
    execute(url, f"SELECT pg_terminate_backend(pid) {OTHERS}")


def test_every_connection_asks_whether_the_server_is_there(url: str) -> None:
    """And what the address says counts, where it says something."""
    watched = PostgresBackend(f"{url}&keepalives_idle=60&application_name=mill")
    with watched.watch():
        assert watched._listener is not None
        told = conninfo_to_dict(watched._listener._url)
    watched.close()
    assert (told["keepalives_idle"], told["keepalives_count"]) == ("60", "3")
    databases: list[Any] = [watched.writing(), watched.reading(None)]
    for db in databases:
        found = db.connection().info.get_parameters()
        db.close()
        assert (found["keepalives_idle"], found["tcp_user_timeout"]) == ("60", "30000")
        assert found["application_name"] == "mill"


def test_connections_that_were_ended_while_idle_are_made_anew(ledger: Ledger, url: str) -> None:
    stream = Stream()
    ledger.append(stream.batch(log_line(None, "a"))).result(20)
    assert messages(ledger) == ["a"]
    end_connections(url)
    assert messages(ledger) == ["a"]
    ledger.append(stream.batch(log_line(None, "b"))).result(20)
    assert messages(ledger) == ["a", "b"]


def once(statement: str) -> Callable[[peewee.Database], int]:
    """A verb that fails with `statement` at its first attempt; the answer counts the attempts."""
    attempts: list[str] = []

    def verb(db: peewee.Database) -> int:
        attempts.append(statement)
        if len(attempts) == 1:
            db.execute_sql(statement)
        return len(attempts)

    return verb


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '40001'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'dead' USING ERRCODE = '40P01'; END $$",
    ],
    ids=["connection lost", "serialization", "deadlock"],
)
def test_what_was_undone_before_its_commit_is_tried_again(ledger: Ledger, statement: str) -> None:
    assert ledger.write(once(statement)).result(20) == 2
    ledger.append(Stream().batch(log_line(None, "after"))).result(20)
    assert messages(ledger) == ["after"]


def test_a_connection_lost_at_the_commit_is_told_and_the_batch_can_be_sent_again(
    ledger: Ledger, url: str
) -> None:
    batch = Stream().batch(log_line(None, "once"))
    execute(
        url,
        "CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    )
    execute(
        url,
        "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()",
    )
    try:
        with pytest.raises(LedgerUnusable, match="may be stored or not; send it again"):
            ledger.append(batch).result(20)
    finally:
        execute(url, "DROP TRIGGER dies ON log")
    assert ledger.append(batch).result(20).accepted == 1
    assert ledger.append(batch).result(20).duplicate
    assert messages(ledger) == ["once"]


def test_a_writer_sees_what_was_committed_while_it_waited_whatever_the_servers_default(
    postgres: Server,
) -> None:
    url = postgres.create()
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        default = f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
        connection.execute(default.encode())
    ledger = Ledger.open(url)
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as watch:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        counted = ledger.write(lambda db: Flow.select().count(db))
        until(lambda: watch.execute(waits).fetchone() == (1,), "the writer waits")
        other.execute("INSERT INTO flow VALUES (gen_random_uuid(), 'mill', 1)")
        other.commit()
        assert counted.result(20) == 1
    ledger.close()


def test_an_error_of_one_jobs_values_is_its_own(ledger: Ledger) -> None:
    def bad(db: peewee.Database) -> None:
        db.execute_sql("SELECT 1 / 0")

    stream = Stream()
    futures: list[Any] = [
        ledger.append(stream.batch(log_line(None, "a"))),
        ledger.write(bad),
        ledger.append(stream.batch(log_line(None, "b"))),
    ]
    assert futures[0].result(20).accepted == futures[2].result(20).accepted == 1
    assert "division by zero" in str(futures[1].exception(20))
    assert messages(ledger) == ["a", "b"]


def test_a_query_is_stopped_at_its_timeout(url: str) -> None:
    ledger = Ledger.open(url, statement_timeout=0.05)
    with pytest.raises(TookTooLong, match=r"0\.05 s"):
        ledger.read(lambda db: db.execute_sql("SELECT pg_sleep(60)").fetchall()).result(20)
    assert messages(ledger) == []
    ledger.close()


def test_readers_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(peewee.InternalError, match="read-only transaction"):
        ledger.read(lambda db: db.execute_sql("DELETE FROM log")).result(20)


@pytest.mark.parametrize("lines", [1, 20])
def test_the_character_nul_is_kept_as_its_picture(ledger: Ledger, lines: int) -> None:
    ack = ledger.append(Stream().batch(*(log_line(None, "a\0b") for _ in range(lines)))).result(20)
    assert ack.refused == []
    assert set(messages(ledger)) == {"a\N{SYMBOL FOR NULL}b"}


async def take(chunks: AsyncGenerator[FeedChunk[Any]]) -> list[Any]:
    """The next rows of a subscription."""
    async with asyncio.timeout(60):
        async for chunk in chunks:
            if chunk.rows:
                return chunk.rows
    raise AssertionError("the subscription has ended")


async def test_a_feed_goes_on_when_its_connections_were_ended(
    ledger: Ledger, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other, stream, run = Ledger.open(url), Stream(), flow_run()
    await ledger.feed.start()
    async with aclosing(ledger.feed.events(None, kinds=frozenset({"flow_run", "task_run"}))) as all:
        assert (await anext(all)).rows == []
        other.append(stream.batch(run)).result(20)
        assert [row.subject_id for row in await take(all)] == [run.id]
        end_connections(url)
        task = task_run(run)
        other.append(stream.batch(task)).result(20)
        assert [row.subject_id for row in await take(all)] == [task.id]
    await ledger.feed.stop()
    other.close()
    assert "not told of commits until the database answers" in caplog.text


def test_a_listener_hears_of_commits_by_their_notification(
    ledger: Ledger, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_service.ledger.database.listener.ANYHOW", 10_000)
    listener = Listener(url)
    try:
        until(lambda: listener.heard == 2, "it listens")
        ledger.append(Stream().batch(flow_run())).result(20)
        until(lambda: listener.heard == 3, "it has heard")
    finally:
        listener.close()


def test_a_database_that_is_no_ledger_or_not_there_is_told(postgres: Server) -> None:
    theirs = postgres.create()
    execute(theirs, "CREATE TABLE event (theirs int)")
    with pytest.raises(LedgerVersion, match=r"tables of another program \(event\)"):
        Ledger.open(theirs)
    before, question, after = theirs.partition("?")
    with pytest.raises(LedgerUnusable, match=r'database ".*_not_there" does not exist'):
        Ledger.open(f"{before}_not_there{question}{after}")


def test_no_password_is_told() -> None:
    with pytest.raises(LedgerUnusable) as told:
        Ledger.open("postgresql://me:secret@127.0.0.1:1/here?connect_timeout=2")
    assert "postgresql://me@127.0.0.1:1/here" in str(told.value)
    assert "secret" not in str(told.value)
