"""What those who run the service ask it: whether it can work, and how it fares."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import peewee
import pytest
import uuid_utils.compat as uuids
from click.testing import CliRunner, Result
from starlette.applications import Starlette

from headrace.cli import server
from headrace.exceptions import ServiceUnreachable
from headrace.recorder import Settled
from headrace.recorder.http import HttpTransport
from headrace.recorder.process import Recorder
from headrace.records import FlowRunCreated, LogLine
from headrace_service.app import create_app
from headrace_service.ledger import Ledger, LedgerUnusable
from headrace_service.ledger.models import Log
from headrace_service.measures import Measures
from headrace_service.readiness import LATE, reasons_not_ready
from headrace_service.server import RunningService, start_in_thread
from headrace_service.settings import ServiceSettings
from tests.builders import EPOCH, Stream, flow_run, log_line, task_run
from tests.integration.graphql_kit import post
from tests.recorder_kit import PATIENCE, until


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with start_in_thread(tmp_path_factory.mktemp("home") / "ledger.db") as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url) as opened:
        yield opened


def metrics(client: httpx.Client) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = re.findall(r"^(headrace_\S+?(?:\{.*\})?) (\S+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def fill(ledger: Ledger) -> None:
    """Let the ledger's file have no room for another page."""

    def limit(db: peewee.Database) -> None:
        (pages,) = db.execute_sql("PRAGMA page_count").fetchone()
        db.execute_sql(f"PRAGMA max_page_count = {pages}")

    ledger.write(limit).result()


def make_room(ledger: Ledger) -> None:
    ledger.write(lambda db: db.execute_sql("PRAGMA max_page_count = 1000000")).result()


def test_a_service_that_works_is_ready(client: httpx.Client) -> None:
    answer = client.get("/ready")
    told = answer.json()
    assert (answer.status_code, told["status"], told["reasons"]) == (200, "ready", [])
    assert {"scheduler", "reaper", "retention"} <= set(told["loops"])
    assert datetime.fromisoformat(told["since"]) <= datetime.now(UTC)


def told_status(*arguments: str, url: str) -> Result:
    return CliRunner().invoke(server.command, ["status", "--url", url, *arguments])


def test_its_status_is_one_command(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(told_status("--json", url=service.url).stdout)
    assert (told["status"], told["url"]) == ("ready", service.url)
    assert told["database"] == service.ledger.name
    assert {"version", "since", "loops"} <= told.keys()
    assert "reaper" in told_status(url=service.url).stdout
    monkeypatch.setenv("HEADRACE_CONNECT_TIMEOUT", "0")
    away = told_status(url="http://127.0.0.1:1")
    assert isinstance(away.exception, ServiceUnreachable)


def test_what_it_does_is_counted(service: RunningService, client: httpx.Client) -> None:
    before = metrics(client)
    run = flow_run()
    service.ledger.append(Stream().batch(run, task_run(run), log_line(run))).result()
    post(client, "{ serverInfo { version } }")
    post(client, "{ serverInfo { version } }")
    post(client, '{ node(id: "no id") { id } }')
    client.post("/graphql", json={"query": "{ nonsense }"})
    after = metrics(client)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    seconds = "headrace_operation_seconds_count"
    assert more(f'{seconds}{{field="serverInfo",type="query"}}') == 2
    assert more('headrace_operation_errors_total{field="node",type="query"}') == 1
    assert more(f'{seconds}{{field="",type="invalid"}}') == 1
    assert more("headrace_records_total") == 3
    assert more("headrace_batch_records_count") == 1
    assert more('headrace_batch_records_bucket{le="5"}') == 1
    assert more('headrace_open_flow_runs{state="RUNNING"}') == 1
    assert more('headrace_open_task_runs{state="RUNNING"}') == 1
    assert more("headrace_commit_seconds_count") >= 1
    assert after["headrace_ledger_bytes"] > 100_000
    assert after["headrace_subscribers"] == 0
    assert after['headrace_loop_rounds_total{loop="reaper"}'] >= 1
    assert 'headrace_retention_deleted_rows_total{kind="log"}' in after


def test_how_long_things_are_kept_is_told(client: httpx.Client) -> None:
    answer = post(client, "{ retention { kind keepDays deletedRows sweptAt } }")
    rows = {row["kind"]: row for row in answer["data"]["retention"]}
    assert (rows["run"]["keepDays"], rows["log"]["keepDays"]) == (90, 30)
    assert rows["event"]["deletedRows"] == 0


def test_without_the_library_metrics_say_what_to_install(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "headrace_service.metrics", None)
    answer = client.get("/metrics")
    assert answer.status_code == 501
    assert "pip install 'headrace[metrics]'" in answer.text


def test_metrics_need_a_token_where_everything_does(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    try:
        app = create_app(ledger, ServiceSettings(auth="required"))
        assert asyncio.run(status(app, "/metrics")) == 401
        assert asyncio.run(status(app, "/health")) == 200
    finally:
        ledger.close()


async def test_a_service_that_others_reach_tells_strangers_no_more_than_whether_it_works(
    tmp_path: Path,
) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    secret = "hdr_own"
    settings = ServiceSettings(host="0.0.0.0")
    transport = httpx.ASGITransport(create_app(ledger, settings, own_token=secret))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        ours = {"Authorization": f"Bearer {secret}"}
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/ready")).json() == {"status": "ready"}
        assert (await client.get("/ready", headers=ours)).json()["reasons"] == []
        ledger.close()
        assert (await client.get("/ready")).json() == {"status": "not ready"}
        query, theirs = {"query": "{ flows { nodes { id } } }"}, {"Authorization": "Bearer hdr_any"}
        answer = await client.post("/graphql", json=query, headers=theirs)
        (error,) = answer.json()["errors"]
    assert answer.status_code == 503
    assert error["message"] == (
        f"the ledger cannot be used; the log tells why, under {answer.headers['x-request-id']}"
    )


async def status(app: Starlette, path: str) -> int:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(path)).status_code


async def test_a_ledger_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.close()
    transport = httpx.ASGITransport(create_app(ledger, ServiceSettings(auth="required")))
    token = {"Authorization": "Bearer hdr_any"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post(
            "/graphql", json={"query": "{ flows { nodes { id } } }"}, headers=token
        )
        assert answer.status_code == 503
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "LedgerUnusable"
        assert (await client.get("/metrics", headers=token)).status_code == 503


def test_a_full_disk_is_told_and_it_recovers(service: RunningService, client: httpx.Client) -> None:
    def write() -> FlowRunCreated:
        run = flow_run()
        lines = [log_line(run, "x" * 1000) for _ in range(50)]
        service.ledger.append(Stream().batch(run, *lines)).result()
        return run

    fill(service.ledger)
    with pytest.raises(LedgerUnusable, match=r"disk is full; is there room left on the disk\?"):
        write()
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "disk is full" in answer.json()["reasons"][0]
    told = told_status(url=service.url)
    assert (told.exit_code, "disk is full" in told.stdout) == (1, True)
    assert client.get("/health").status_code == 200
    make_room(service.ledger)
    answer = client.get("/ready")
    assert answer.status_code == 200
    write()


def test_recorders_keep_what_a_full_disk_did_not_take(
    service: RunningService, client: httpx.Client, tmp_path: Path
) -> None:
    fill(service.ledger)
    recorder = Recorder(lambda: HttpTransport(service.url), tmp_path / "spool", 10_000)
    lines = [f"{number} " + "x" * 1000 for number in range(300)]
    for line in lines:
        recorder.record(LogLine(EPOCH, 20, "disk", line))
    until(lambda: recorder.flush(0.1) is Settled.SPOOLED, "it is safe on the recorder's disk")
    assert client.get("/ready").status_code == 503
    make_room(service.ledger)
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert client.get("/ready").status_code == 200

    def taken(db: peewee.Database) -> list[str]:
        query = Log.select(Log.message).where(Log.logger == "disk").order_by(Log.seq)
        return [message for (message,) in query.tuples().execute(db)]

    assert service.ledger.read(taken).result() == lines


async def test_a_loop_that_ends_or_is_stuck_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once() -> None:
        return

    async def for_ever() -> None:
        await asyncio.Event().wait()

    ledger = Ledger.open(tmp_path / "ledger.db")
    ended = asyncio.create_task(at_once())
    stuck = asyncio.create_task(for_ever())
    await ended
    try:
        measures: Measures = ledger.measures
        monkeypatch.setattr(measures.rounds("reaper"), "began", -2 * LATE)
        reasons = await reasons_not_ready(ledger, {"scheduler": ended, "reaper": stuck})
    finally:
        stuck.cancel()
        ledger.close()
    assert reasons[0] == "the scheduler has ended"
    assert reasons[1].startswith("the reaper has not come round for ")


def test_a_worker_that_is_too_old_is_given_nothing_and_told_so(client: httpx.Client) -> None:
    about = {"workerId": str(uuids.uuid7()), "workerName": "old", "host": "mill", "pid": 1}
    wanted = {**about, "leaseSeconds": 30, "limit": 1, "wireVersion": 1}
    for mutation, kind, more in (
        ("claimFlowRuns", "ClaimInput", {}),
        ("claimTaskRuns", "TaskClaimInput", {"taskKeys": ["key"]}),
    ):
        query = (
            f"mutation ($input: {kind}!) {{ {mutation}(input: $input) "
            "{ ... on UserError { message field } } }"
        )
        asked = {"query": query, "variables": {"input": {**wanted, **more}}}
        answer = client.post("/graphql", json=asked).json()["data"][mutation]
        assert answer["field"] == "wireVersion"
        assert "upgrade headrace where the worker runs" in answer["message"]
