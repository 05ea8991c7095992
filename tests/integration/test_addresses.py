"""Several addresses: what a service may have got already is not brought to another one."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from headrace.client import AsyncClient, Client, background, posting, work
from headrace.endpoints import addresses_of
from headrace.exceptions import InvalidSetting, ServiceUnreachable
from headrace.recorder.spool import Spool
from headrace.settings import read_settings
from headrace_service.server import RunningService, start_in_thread

SET = "mutation ($name: String!) { setVariable(name: $name, value: 1) { __typename } }"
VARIABLE = {"__typename": "Variable"}


class Silent:
    """Takes connections and what is sent, and closes them without a word."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # closed
                return
            with connection:
                connection.recv(65536)
                self.asked += 1

    def close(self) -> None:
        """Listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


#: A process that has others connect to it, and does no more.
LISTENS = """
import signal, socket
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
signal.pause()
"""


@pytest.fixture
def stopped() -> Iterator[str]:
    """The address of a process that was stopped: the system still takes what is sent to it."""
    with subprocess.Popen([sys.executable, "-SEc", LISTENS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        process.send_signal(signal.SIGSTOP)
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with start_in_thread(tmp_path_factory.mktemp("service") / "ledger.db") as running:
        yield running


@pytest.fixture
def silent() -> Iterator[Silent]:
    with closing(Silent()) as listening:
        yield listening


def test_a_query_goes_on_at_the_next_address_which_is_asked_from_then_on(
    service: RunningService, silent: Silent
) -> None:
    with Client(f"{silent.url},{service.url}") as client:
        for _ in range(3):
            assert client.server_info()["version"]
    assert silent.asked == 1


async def test_a_mutation_that_may_have_been_done_is_not_sent_again(
    service: RunningService, silent: Silent
) -> None:
    async with AsyncClient(f"{silent.url},{service.url}") as client:
        with pytest.raises(ServiceUnreachable, match=silent.url):
            await client.execute(SET, {"name": "rate"})
        # The next call goes to the other.
        assert (await client.execute('{ variable(name: "rate") { value } }'))["variable"] is None
        assert (await client.execute(SET, {"name": "rate"}))["setVariable"] == VARIABLE


def test_one_with_an_idempotency_key_and_one_that_never_left_are(
    service: RunningService, silent: Silent
) -> None:
    wanted = {"deployment": "none/here", "parameters": {}}
    keyed = work.create_flow_run({**wanted, "idempotencyKey": "once"})
    assert (keyed.repeatable, work.create_flow_run(wanted).repeatable) == (True, False)
    urls = f"{silent.url},{service.url}"
    with Client(urls) as client:
        answer = client.execute(keyed.document, keyed.variables, repeatable=keyed.repeatable)
        assert answer["createFlowRun"]["code"] == "NotFound"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with Client(f"http://127.0.0.1:{port},{service.url}") as client:  # nobody listens there now
        assert client.execute(SET, {"name": "unsent"})["setVariable"] == VARIABLE


def test_what_names_how_things_are_to_be_is_asked_for_again() -> None:
    deployment = {"flowName": "etl", "name": "daily"}
    assert work.apply_deployment(deployment).repeatable
    assert not work.apply_deployment({**deployment, "expectedRevision": 3}).repeatable
    assert work.claim_flow_runs({"workerId": str(uuid4())}).repeatable
    assert not work.retry_flow_run(uuid4()).repeatable


def test_a_background_run_that_is_asked_for_under_its_id_is_asked_for_again(
    service: RunningService, silent: Silent
) -> None:
    wanted = background.background_run(uuid4(), "mill.grind", "grind", "grind-1", b"")
    with Client(f"{silent.url},{service.url}") as client:
        for _ in range(2):
            made = client.perform(background.enqueue_task_runs([wanted]))
            assert made["runIds"] == [wanted["id"]]
        runs = client.execute("{ taskRuns { nodes { id } } }")["taskRuns"]["nodes"]
    assert runs == [{"id": wanted["id"]}]
    assert silent.asked == 1


async def test_one_that_was_stopped_is_not_waited_for_where_another_may_answer(
    service: RunningService, stopped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SILENCE", 0.05)
    monkeypatch.setattr(posting, "LOOK", 0.05)
    urls = f"{stopped},{service.url}"
    # With a patience that would outlast the test.
    with Client(urls, timeout=10_000) as client:
        assert client.server_info()["version"]
    addresses_of(urls).move_on(service.url)
    async with AsyncClient(urls, timeout=10_000) as client:
        assert (await client.server_info())["version"]
    assert addresses_of(urls).current == service.url


def test_when_nobody_answers_all_addresses_are_named(silent: Silent) -> None:
    with (
        closing(Silent()) as another,
        Client(f"{silent.url},{another.url}") as client,
        pytest.raises(ServiceUnreachable) as caught,
    ):
        client.server_info()
    assert f"nobody answers at {silent.url} (" in str(caught.value)
    assert f"; nobody answers at {another.url} (" in str(caught.value)


def test_what_was_spooled_for_one_of_them_is_sent_to_the_others(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, "left", "http://one:4200")
    spool.append(b"{}", 1)
    spool.close()
    path = spool.path
    assert Spool.adopt(path, "http://three:4200,http://two:4200") is None
    adopted = Spool.adopt(path, "http://two:4200,http://one:4200")
    assert adopted is not None
    assert len(adopted) == 1
    adopted.close()


def test_addresses_are_read_as_one_setting() -> None:
    settings = read_settings({"HEADRACE_API_URL": " http://one:4200/api, https://two/graphql ,"})
    assert settings.service_url == "http://one:4200,https://two"
    with pytest.raises(InvalidSetting, match="HEADRACE_API_URL"):
        read_settings({"HEADRACE_API_URL": "http://one:4200,two:4200"})
