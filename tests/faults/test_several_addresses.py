"""Two services on one ledger, of which one is killed: whoever knows both goes on at the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headrace.client import Client, operations, work
from headrace.client import subscriptions as subscriptions_module
from headrace_service.ledger import Ledger
from tests.acceptance.scripts import Workplace
from tests.builders import Stream, flow_run, log_line
from tests.faults.processes import Service, recorded, running
from tests.faults.test_subscriptions import messages_of
from tests.recorder_kit import until

LOGS = "subscription ($after: Cursor) { logs(after: $after) { cursor lines { message } } }"
DEPLOY = """
from headrace import flow

@flow
def greet(name: str = "you"):
    print("hello", name, flush=True)

greet.deploy("greeter", work_pool_name="pool", print_next_steps=False)
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that stays."""
    started = Service(tmp_path_factory.mktemp("service") / "ledger.db")
    yield started
    started.kill()


@pytest.fixture
def service(other: Service) -> Iterator[Service]:
    """The one on the same ledger that is killed."""
    started = Service(other.path)
    yield started
    started.kill()


@pytest.fixture
def both(service: Service, other: Service) -> str:
    """The addresses of the two."""
    return f"{service.url}, {other.url}"


def numbered(path: Path) -> list[str]:
    """The lines of the script that numbers them."""
    return [message for message in recorded(path) if message.isdigit()]


def test_a_script_records_at_the_other_and_nothing_is_lost_or_spooled(
    service: Service, both: str, home: Path
) -> None:
    with running({"HEADRACE_API_URL": both}, "lines_until_told") as script:
        assert script.hear() == "recording"
        until(lambda: len(numbered(service.path)) > 100, "records flow in")
        service.kill()
        killed_at = len(numbered(service.path))
        until(lambda: len(numbered(service.path)) > killed_at + 100, "they flow on")
        out, err = script.finish()
    count, settled = out.split()
    assert settled == "ACKNOWLEDGED"
    assert numbered(service.path) == [str(number) for number in range(int(count))]
    assert not list((home / "spool").glob("*.spool"))
    assert "is away" not in err


def test_a_client_asks_and_follows_the_other(
    service: Service, both: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions_module, "BACKOFF", (0.01, 0.05))
    stream, run = Stream(), flow_run()
    written = [f"followed {number}" for number in range(40)]
    seen: list[str] = []
    with closing(Ledger.open(service.path)) as ledger, Client(both) as client:
        ledger.append(stream.batch(run)).result()
        start = {"after": client.server_info()["logCursor"]}
        with closing(client.subscribe(LOGS, start)) as messages:
            for number, line in enumerate(written):
                ledger.append(stream.batch(log_line(run, line))).result()
                if number == 20:
                    while len(seen) < number:
                        seen += messages_of(next(messages))
                    service.kill()
            while len(seen) < len(written):
                seen += messages_of(next(messages))
        assert seen == written
        client.perform(work.create_work_pool("made-elsewhere"))
        assert client.flow_runs(first=1)["nodes"][0]["id"] == str(run.id)


def test_a_worker_and_commands_go_on_at_the_other(
    service: Service, both: str, tmp_path: Path
) -> None:
    place = Workplace(tmp_path, both)
    place.write("deploy.py", DEPLOY)
    place.ask(work.create_work_pool("pool"))
    assert place.run("deploy.py")[0] == 0
    worker = ("-m", "headrace", "worker", "start", "--pool", "pool")
    with place.started(*worker) as script:
        place.until(lambda: (place.ask(work.work_pool("pool")) or {})["workers"], "it is up")
        service.kill()
        told = place.headrace("deployment", "run", "greet/greeter", "-p", "name=them", "--watch")
        assert "Completed" in told
        script.interrupt()
        code, out, err = script.finish()
    assert (code, out) == (0, "hello them\n"), err
    runs = place.ask(operations.flow_runs(flow_name="greet"))["nodes"]
    assert [run["state"]["name"] for run in runs] == ["Completed"]
