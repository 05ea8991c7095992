"""Exchanges about slots: one request for all threads of a process, and answers that are lost."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uuid_utils.compat as uuids

from headrace.concurrency import clock
from headrace.concurrency.service import ServiceSlots
from headrace.concurrency.slots import close_slots
from headrace.concurrency.sync import ConcurrencySlotsLost, concurrency
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.records import SlotHolder, SlotRequest
from headrace_service.ledger import Ledger
from headrace_service.ledger.exchanges import Exchanges
from headrace_service.ledger.limits import LimitValues, create_limit, reset_limit
from headrace_service.ledger.models import Slot, Waiter
from headrace_service.server import start_in_thread
from tests.integration.graphql_kit import ask
from tests.recorder_kit import PATIENCE, until
from tests.run_kit import Book

if TYPE_CHECKING:
    from tests.postgres import Server

EXCHANGE = """mutation ($exchange: SlotExchange!) {
  exchangeSlots(exchange: $exchange) {
    ... on SlotsExchanged { news }
    ... on InvalidInput { code message field }
  }
}"""
HOLDER = SlotHolder("mill", 7)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, book: Book) -> Path | str:
    """Where there is a ledger with nothing in it."""
    if request.param == "sqlite":
        book.path.parent.mkdir(parents=True, exist_ok=True)
        return book.path
    server: Server = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    opened = Ledger.open(place)
    make_limit(opened, "db", 1)
    yield opened
    opened.close()


def make_limit(ledger: Ledger, name: str, slots: int) -> None:
    ledger.slots.perform(lambda db, now: create_limit(db, name, LimitValues(slots), now)).result()


def taken(ledger: Ledger) -> tuple[int, int]:
    """How many slots are held, and how many wait."""
    return ledger.read(lambda db: (Slot.select().count(db), Waiter.select().count(db))).result()


# -- in GraphQL ------------------------------------------------------------------------------------


async def exchange(ledger: Ledger, **what: Any) -> Any:
    answer = (await ask(ledger, EXCHANGE, exchange=what))["exchangeSlots"]
    if (news := answer.get("news")) is not None:
        assert news.pop("service")
    return answer if news is None else news


def wanted(**more: Any) -> tuple[str, dict[str, Any]]:
    """A new lease of a slot of `db`, and the request for it."""
    lease = str(uuids.uuid7())
    holder = {"host": "mill", "pid": 7}
    return lease, {"lease_id": lease, "names": ["db"], "holder": holder, **more}


GRANTED = {"granted": True, "limits": ["db"], "leased": True}


async def test_who_gives_a_slot_back_hears_whose_turn_it_is(ledger: Ledger) -> None:
    (first, of_first), (second, of_second), (third, of_third) = wanted(), wanted(), wanted()
    assert await exchange(ledger, acquire=[of_first, of_second]) == {"answers": {first: GRANTED}}
    assert await exchange(ledger, release=[first], acquire=[of_third], waiting=[second]) == {
        "answers": {second: GRANTED},
        "released": [first],
    }
    stranger = str(uuids.uuid7())
    renewed = [{"lease_id": each, "seconds": 60} for each in (second, stranger)]
    assert await exchange(ledger, renew=renewed) == {"lost": [stranger]}
    assert await exchange(ledger, release=[second, third]) == {"released": [second, third]}
    assert taken(ledger) == (0, 0)


async def test_who_waits_is_told_as_soon_as_it_is_his_turn(ledger: Ledger) -> None:
    (first, of_first), (second, of_second) = wanted(), wanted()
    await exchange(ledger, acquire=[of_first, of_second])
    news = asyncio.create_task(exchange(ledger, waiting=[second], wait_seconds=PATIENCE))
    assert await exchange(ledger, release=[first]) == {"released": [first]}
    assert await news == {"answers": {second: GRANTED}}


async def test_who_is_not_known_is_to_ask_anew(ledger: Ledger) -> None:
    (first, of_first), (second, of_second) = wanted(), wanted()
    await exchange(ledger, acquire=[of_first, of_second])
    stranger = str(uuids.uuid7())
    waits = {"waiting": [stranger], "wait_seconds": PATIENCE}
    assert await exchange(ledger, **waits) == {"unknown": [stranger]}
    # Its answer was told once; when that was lost, asking anew tells it again.
    await exchange(ledger, release=[first], waiting=[second])
    assert await exchange(ledger, waiting=[second]) == {"unknown": [second]}
    assert await exchange(ledger, acquire=[of_second]) == {"answers": {second: GRANTED}}


async def test_a_request_that_makes_no_sense_spoils_no_other(ledger: Ledger) -> None:
    (good, of_good), (bad, of_bad), (shut, of_shut) = wanted(), wanted(occupy=0), wanted(occupy=2)
    news = await exchange(ledger, acquire=[of_bad, of_good, of_shut])
    assert news["answers"][good] == GRANTED
    assert "Expected `int` >= 1" in news["answers"][bad]["refused"]
    assert news["answers"][shut]["refused"] == "Slots requested is greater than the limit"
    answer = await exchange(ledger, renew=[{"lease_id": good, "seconds": -1}])
    assert (answer["code"], answer["field"]) == ("InvalidInput", "exchange")


async def test_nobody_waits_for_ever_about_whom_nobody_asks(ledger: Ledger) -> None:
    exchanges = Exchanges(ledger.slots, kept=0)
    requests = [SlotRequest(uuids.uuid7(), ["db"], HOLDER) for _ in range(2)]
    waits = requests[1].lease_id
    await exchanges.exchange(requests, [], [], [], 0)

    async def is_known() -> bool:
        await asyncio.sleep(0)
        return not (await exchanges.exchange([], [], [], [waits], 0)).unknown

    while await is_known():
        pass


# -- from a program --------------------------------------------------------------------------------


class Line:
    """What lies between a program and a service, and may lose answers."""

    def __init__(self, service_url: str) -> None:
        self.lost = self.hung_up = 0
        self._to_lose = ""
        self._answers_left: int | None = None
        self._meanwhile: Callable[[], object] = lambda: None
        self._target = self._next = urlsplit(service_url).netloc
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if line._answers_left is not None:
                    if not line._answers_left:
                        line.hung_up += 1
                        self.close_connection = True
                        return
                    line._answers_left -= 1
                there = http.client.HTTPConnection(line._target)
                there.request("POST", self.path, body, {"content-type": "application/json"})
                answer = there.getresponse().read()
                there.close()
                meanwhile, line._meanwhile = line._meanwhile, lambda: None
                meanwhile()
                if json.loads(body)["variables"]["exchange"].get(line._to_lose):
                    line._to_lose = ""
                    line.lost += 1
                    line._target = line._next
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody listens."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def lose_the_answer_to(self, what: str, then: str | None = None) -> None:
        """Lose the next answer to an exchange that asks for something of that kind.

        From then on the service at the URL `then` is asked, if it is given.
        """
        self._to_lose = what
        self._next = self._target if then is None else urlsplit(then).netloc

    def keep_the_next_answer(self, meanwhile: Callable[[], object], then: str) -> None:
        """Pass on the next answer once something has happened; then the service at `then` is asked.

        For whoever has asked it is as if he had been stopped while the answer arrived.
        """

        def happen() -> None:
            meanwhile()
            self._target = self._next = urlsplit(then).netloc

        self._meanwhile = happen

    def hang_up(self, after: int) -> None:
        """Answer so many requests, and then none."""
        self._answers_left = after

    def answer_again(self) -> None:
        """Answer all requests."""
        self._answers_left = None

    def close(self) -> None:
        """Be gone."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def line(ledger: Ledger, place: Path | str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with start_in_thread(place) as service:
        line = Line(service.url)
        monkeypatch.setenv("HEADRACE_API_URL", line.url)
        yield line
        close_slots()
        line.close()


def test_a_lost_answer_takes_nothing_twice(ledger: Ledger, line: Line) -> None:
    line.lose_the_answer_to("acquire")
    with concurrency("db", on_lease_lost="fence"):
        assert taken(ledger) == (1, 0)
        line.lose_the_answer_to("release")
    assert line.lost == 2
    assert taken(ledger) == (0, 0)


def test_slots_that_were_lost_shortly_before_the_end_are_noticed_whichever_answer_is_lost(
    ledger: Ledger, line: Line
) -> None:
    def lose() -> None:
        with concurrency("db", on_lease_lost="fence"):
            ledger.slots.perform(lambda db, now: reset_limit(db, "db", now)).result()
            line.lose_the_answer_to("release")

    with pytest.raises(ConcurrencySlotsLost):
        lose()
    assert line.lost == 1


def test_slots_that_were_given_back_are_not_lost_with_the_service_that_knew_it(
    ledger: Ledger, line: Line, place: Path | str
) -> None:
    with start_in_thread(place) as another:
        with concurrency("db", on_lease_lost="fence"):
            line.lose_the_answer_to("release", then=another.url)
        assert line.lost == 1
        assert taken(ledger) == (0, 0)


def test_who_was_stopped_as_he_got_slots_past_their_lease_does_not_think_to_have_them(
    ledger: Ledger, line: Line, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service that gave them is another one by then, which has never heard of the lease."""
    now, other = clock.now, SlotRequest(uuids.uuid7(), ["db"], HOLDER)
    crossed = threading.Event()

    def cross() -> None:
        with concurrency("db", lease_duration=60, on_lease_lost="fence"):
            crossed.set()

    def lapse() -> None:
        ledger.slots.perform(lambda db, now: reset_limit(db, "db", now)).result()
        assert ledger.slots.acquire(other).result().granted
        monkeypatch.setattr(clock, "now", lambda: now() + 60)

    with start_in_thread(place) as another, ThreadPoolExecutor(1) as threads:
        line.keep_the_next_answer(lapse, then=another.url)
        crossing = threads.submit(cross)
        until(lambda: taken(ledger) == (1, 1), "it waits anew")
        assert not crossed.is_set()
        ledger.slots.release(other.lease_id).result()
        crossing.result(PATIENCE)


@pytest.fixture
def slots(ledger: Ledger, place: Path | str) -> Iterator[ServiceSlots]:
    """The slots of a service, as a process elsewhere has them."""
    with start_in_thread(place) as service, closing(ServiceSlots(service.url)) as slots:
        yield slots


def asked(name: str = "db", **more: Any) -> SlotRequest:
    return SlotRequest(uuids.uuid7(), [name], HOLDER, **more)


def test_what_makes_no_sense_spoils_nothing_that_goes_with_it(slots: ServiceSlots) -> None:
    first = asked()
    with slots._changed:  # so that all go together
        granted = slots.acquire(first)
        senseless = slots.renew([(first.lease_id, -1.0)])
        released = slots.release(uuids.uuid7())
    with pytest.raises(ServiceError, match="float"):
        senseless.result(PATIENCE)
    assert granted.result(PATIENCE).granted
    assert released.result(PATIENCE) == []
    assert slots.renew([(first.lease_id, 60.0)]).result(PATIENCE) == []


def test_who_asked_first_stays_first_while_the_service_is_away(
    ledger: Ledger, place: Path | str
) -> None:
    first, second = asked(), asked()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
        slots = ServiceSlots(f"http://127.0.0.1:{port}")
        granted = slots.acquire(first)
        connection, _ = nobody.accept()
    with connection:  # while the one is being asked for
        waits = slots.acquire(second)
    with start_in_thread(place, port=port), closing(slots):
        assert granted.result(PATIENCE).granted
        slots.release(first.lease_id).result(PATIENCE)
        assert waits.result(PATIENCE).granted


def test_that_the_service_has_gone_away_is_found_out_once_for_all_who_ask(line: Line) -> None:
    tries: list[int] = []
    with closing(ServiceSlots(line.url)) as slots:
        with slots._changed:  # so that all go together, are refused, and go one by one
            granted = [slots.acquire(asked("none")) for _ in range(3)]
            senseless = slots.renew([(uuids.uuid7(), -1.0)])
            senseless.add_done_callback(lambda _: tries.append(line.hung_up))
            line.hang_up(after=1)
        with pytest.raises(ServiceUnreachable):
            senseless.result(PATIENCE)
        line.answer_again()
        assert all(each.result(PATIENCE).granted for each in granted)
    assert tries == [1]


def test_all_who_wait_are_asked_about_in_turn(
    ledger: Ledger, slots: ServiceSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.concurrency.service.MOST", 1)
    monkeypatch.setattr("headrace.concurrency.service.QUIET", threading.TIMEOUT_MAX)
    for name in ("shut", "open"):
        make_limit(ledger, name, 1)
    assert slots.acquire(asked("shut")).result(PATIENCE).granted
    held = asked()
    assert slots.acquire(held).result(PATIENCE).granted
    stuck, waits = slots.acquire(asked("shut")), slots.acquire(asked())
    slots.release(held.lease_id).result(PATIENCE)
    while not waits.done():  # each exchange brings news of one of those who wait
        passing = asked("open")
        slots.acquire(passing).result(PATIENCE)
        slots.release(passing.lease_id).result(PATIENCE)
    assert waits.result().granted
    assert not stuck.done()


def test_who_waits_goes_on_waiting_when_the_service_begins_anew(
    ledger: Ledger, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossed = threading.Event()

    def cross() -> None:
        with concurrency("db"):
            crossed.set()

    with start_in_thread(place) as service:
        port = urlsplit(service.url).port
        assert port is not None
        monkeypatch.setenv("HEADRACE_API_URL", service.url)
        held = SlotRequest(uuids.uuid7(), ["db"], HOLDER)
        assert ledger.slots.acquire(held).result().granted
        crossing = ThreadPoolExecutor(1).submit(cross)
        until(lambda: taken(ledger) == (1, 1), "it waits")
    ledger.slots.release(held.lease_id).result()
    with start_in_thread(place, port=port):
        crossing.result(PATIENCE)
        close_slots()
    assert crossed.is_set()


def test_whichever_service_is_asked_there_are_never_more_holders_than_slots(
    ledger: Ledger, place: Path | str
) -> None:
    make_limit(ledger, "pair", 2)
    within, most, counting = 0, 0, threading.Lock()

    def cross(slots: ServiceSlots) -> None:
        nonlocal within, most
        for _ in range(5):
            request = asked("pair")
            assert slots.acquire(request).result(PATIENCE).granted
            with counting:
                within += 1
                most = max(most, within)
            assert 0 < taken(ledger)[0] <= 2
            with counting:
                within -= 1
            assert slots.release(request.lease_id).result(PATIENCE) == [request.lease_id]

    with (
        start_in_thread(place) as one,
        start_in_thread(place) as other,
        closing(ServiceSlots(one.url)) as near,
        closing(ServiceSlots(other.url)) as far,
        ThreadPoolExecutor(8) as crowd,
    ):
        list(crowd.map(cross, [near, far] * 4))
    assert 0 < most <= 2
    assert taken(ledger) == (0, 0)
