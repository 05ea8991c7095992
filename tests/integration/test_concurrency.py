"""`concurrency` and `rate_limit` as users write them, on the ledger file and against a service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace import flow, task
from headrace.concurrency import asyncio as awaited
from headrace.concurrency.slots import close_slots
from headrace.concurrency.sync import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    ConcurrencySlotsLost,
    concurrency,
    rate_limit,
)
from headrace.concurrency.v1 import asyncio as first_awaited
from headrace.concurrency.v1 import sync as first
from headrace.recorder import shutdown
from headrace.runtime import task_run
from headrace.task_runners import ThreadPoolTaskRunner
from headrace_service.ledger import Ledger
from headrace_service.ledger.concurrency import Outcome
from headrace_service.ledger.limits import (
    LimitValues,
    create_limit,
    delete_limit,
    reset_limit,
    update_limit,
)
from headrace_service.ledger.queries.concurrency import ClaimRow, holders, limit_by_name, waiters
from headrace_service.ledger.waiting import Verb
from headrace_service.server import start_in_thread
from tests.recorder_kit import PATIENCE, until
from tests.run_kit import Book


class Limits:
    """The limits of the ledger that the test's program uses, as another process has them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def do(self, verb: Verb) -> object:
        """Perform a verb."""
        return self._ledger.slots.perform(verb).result()

    def make(self, name: str, slots: int, decay: float | None = None) -> None:
        """Make a limit."""
        values = LimitValues(slots, decay)

        def verb(db: object, now: int) -> Outcome:
            return create_limit(db, name, values, now)  # type: ignore[arg-type]

        assert self.do(verb)

    def holders(self, name: str) -> list[ClaimRow]:
        """Who holds slots of a limit."""
        return self._ledger.read(holders, [self._id(name)]).result()[0]

    def waiters(self, name: str) -> list[ClaimRow]:
        """Who waits for some."""
        return self._ledger.read(waiters, [self._id(name)]).result()[0]

    def _id(self, name: str) -> UUID:
        limit = self._ledger.read(limit_by_name, name).result()
        assert limit is not None
        return limit.id


@pytest.fixture(params=["embedded", "http"])
def limits(
    request: pytest.FixtureRequest, book: Book, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Limits]:
    book.path.parent.mkdir(parents=True, exist_ok=True)
    ledger = Ledger.open(book.path)
    if request.param == "embedded":
        yield Limits(ledger)
    else:
        with start_in_thread(book.path) as service:
            monkeypatch.setenv("HEADRACE_API_URL", service.url)
            yield Limits(ledger)
            close_slots()
    close_slots()
    ledger.close()


class Crowd:
    """Counts who is within at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._within = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._within += 1
            self.most = max(self.most, self._within)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1


def test_never_more_than_the_limit_allows(limits: Limits) -> None:
    limits.make("external-api", 3)
    crowd = Crowd()

    @task
    def call(number: int) -> int:
        with concurrency("external-api", occupy=1), crowd:
            threading.Event().wait(0.002)
            return number

    @flow
    def batch() -> list[int]:
        return [future.result() for future in [call.submit(number) for number in range(20)]]

    assert batch() == list(range(20))
    assert 1 <= crowd.most <= 3
    assert limits.holders("external-api") == []


def test_the_holder_is_the_run_that_holds(limits: Limits) -> None:
    limits.make("db", 2)

    @task
    def use() -> list[ClaimRow]:
        with concurrency("db", occupy=2, lease_duration=60):
            return limits.holders("db")

    @flow
    def load() -> tuple[UUID, list[ClaimRow]]:
        state = use(return_state=True)
        from headrace.context import FlowRunContext

        run = FlowRunContext.get()
        assert run is not None
        return run.flow_run.id, state.result()

    run_id, (claim,) = load()
    assert (claim.occupied, claim.holder.flow_run_id) == (2, run_id)
    assert claim.holder.task_run_id is not None
    assert claim.until - claim.since == 60_000_000


def test_whoever_waits_is_woken_by_the_release(limits: Limits) -> None:
    limits.make("db", 1)
    order: list[str] = []

    def wait(name: str) -> None:
        with concurrency("db", timeout_seconds=PATIENCE):
            order.append(name)

    with ThreadPoolExecutor(2) as pool:
        with concurrency("db"):
            first = pool.submit(wait, "first")
            until(lambda: len(limits.waiters("db")) == 1, "the first stands in line")
            second = pool.submit(wait, "second")
            until(lambda: len(limits.waiters("db")) == 2, "the second stands in line")
            order.append("holder")
        first.result(PATIENCE)
        second.result(PATIENCE)
    assert order == ["holder", "first", "second"]


def test_a_limit_that_another_process_raises_lets_in_who_waits(limits: Limits) -> None:
    limits.make("db", 1)
    inside = threading.Event()

    def wait() -> None:
        with concurrency("db"):
            inside.set()

    with concurrency("db"), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        until(lambda: len(limits.waiters("db")) == 1, "it stands in line")
        limits.do(lambda db, now: update_limit(db, "db", LimitValues(2), now))
        assert inside.wait(PATIENCE)
        waiting.result(PATIENCE)


def test_a_limit_that_is_deleted_holds_nobody(limits: Limits) -> None:
    limits.make("db", 1)

    def wait() -> None:
        with concurrency("db"):
            pass

    with concurrency("db"), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        until(lambda: len(limits.waiters("db")) == 1, "it stands in line")
        limits.do(lambda db, now: delete_limit(db, "db", now))
        waiting.result(PATIENCE)


def test_slots_that_are_not_free_in_time(limits: Limits) -> None:
    limits.make("db", 1)
    with concurrency("db"):
        with pytest.raises(AcquireConcurrencySlotTimeoutError) as caught:
            concurrency("db", timeout_seconds=0.05).__enter__()
        assert isinstance(caught.value, TimeoutError)
        assert (
            str(caught.value)
            == "Attempt to acquire concurrency slots timed out after 0.05 second(s)"
        )
        with pytest.raises(AcquireConcurrencySlotTimeoutError):
            concurrency("db", timeout_seconds=0).__enter__()
        with pytest.raises(ConcurrencySlotAcquisitionError, match="423 Locked"):
            concurrency("db", max_retries=0).__enter__()
        assert limits.waiters("db") == []
    with concurrency("db", timeout_seconds=0):  # what is free needs no time
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"names": "db", "occupy": 2},
            "Unable to acquire concurrency slots on ['db']: 422 Unprocessable Entity: "
            "Slots requested is greater than the limit",
        ),
        (
            {"names": ["nope"], "strict": True},
            "Concurrency limits ['nope'] must be created before acquiring slots",
        ),
        (
            {"names": "db", "occupy": 0},
            "Unable to acquire concurrency slots on ['db']: 422 Unprocessable Entity: "
            "slots: Input should be greater than 0",
        ),
        (
            {"names": "db", "occupy": "few"},
            "Unable to acquire concurrency slots on ['db']: 422 Unprocessable Entity: "
            "slots: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"names": "db", "occupy": 1.5},
            "Unable to acquire concurrency slots on ['db']: 422 Unprocessable Entity: "
            "slots: Input should be a valid integer, got a number with a fractional part",
        ),
    ],
)
def test_slots_that_cannot_be_had(
    limits: Limits, arguments: dict[str, object], message: str
) -> None:
    limits.make("db", 1)
    with pytest.raises(ConcurrencySlotAcquisitionError) as caught:
        concurrency(**arguments).__enter__()  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_more_slots_than_there_are_comes_with_what_mends_it(limits: Limits) -> None:
    limits.make("db", 1)
    with pytest.raises(ConcurrencySlotAcquisitionError) as caught:
        concurrency("db", occupy=3).__enter__()
    (mend,) = caught.value.__notes__
    assert "has 1 slot, and 3 are asked for" in mend
    assert "`headrace concurrency-limit update db 3`" in mend


def test_a_limit_that_does_not_exist_limits_nothing_and_is_told(
    limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"), concurrency(["nope", "zap"]):
        pass
    assert "Concurrency limits ['nope', 'zap'] do not exist - skipping" in caplog.text


def test_nothing_is_asked_for_without_a_name(limits: Limits) -> None:
    with concurrency([], occupy=0):
        pass
    rate_limit([])


def test_a_rate_limit_lets_calls_through_as_slots_come_back(limits: Limits) -> None:
    limits.make("slow", 2, decay=0.001)
    limits.make("quick", 2, decay=200.0)
    limits.make("db", 1)
    rate_limit("slow", occupy=2)
    with pytest.raises(AcquireConcurrencySlotTimeoutError):
        rate_limit("slow", timeout_seconds=0.05)
    assert [claim.occupied for claim in limits.holders("slow")] == [2]
    for _ in range(6):
        rate_limit("quick", timeout_seconds=PATIENCE)
    with pytest.raises(ConcurrencySlotAcquisitionError, match="do not have a decay configured"):
        rate_limit("db")


async def test_coroutines_hold_slots_as_threads_do(limits: Limits) -> None:
    await asyncio.to_thread(limits.make, "db", 4)
    crowd = Crowd()

    async def use() -> None:
        async with awaited.concurrency("db"):
            with crowd:
                await asyncio.sleep(0.002)

    await asyncio.gather(*[use() for _ in range(20)])
    assert 1 <= crowd.most <= 4
    async with awaited.concurrency("db", occupy=4):
        with pytest.raises(awaited.AcquireConcurrencySlotTimeoutError):
            async with awaited.concurrency("db", timeout_seconds=0.05):
                pass


async def test_a_cancelled_coroutine_gives_its_slots_and_its_place_back(limits: Limits) -> None:
    await asyncio.to_thread(limits.make, "db", 1)
    inside = asyncio.Event()

    async def use() -> None:
        async with awaited.concurrency("db"):
            inside.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(use())
    await inside.wait()
    waiting = asyncio.create_task(use())
    await asyncio.to_thread(until, lambda: bool(limits.waiters("db")), "one stands in line")
    waiting.cancel()
    holding.cancel()
    await asyncio.gather(holding, waiting, return_exceptions=True)
    async with awaited.concurrency("db", timeout_seconds=PATIENCE):
        pass


def test_a_task_takes_a_slot_of_the_limits_that_its_tags_name(limits: Limits, book: Book) -> None:
    limits.make("db", 2)
    crowd = Crowd()

    @task(tags=["db", "etl"])
    def query(number: int) -> int:
        with crowd:
            assert len(limits.holders("db")) <= 2
            return number

    @task(tags=["db"], retries=1)
    def fail_once(seen: list[int]) -> int:
        seen.append(len(limits.holders("db")))
        if len(seen) == 1:
            raise ValueError
        return len(seen)

    @flow
    def load() -> list[int]:
        return [future.result() for future in query.map(range(8))]

    assert load() == list(range(8))
    assert 1 <= crowd.most <= 2
    seen: list[int] = []
    assert fail_once(seen) == 2
    assert seen == [1, 1]  # an attempt's slot is given back before the next one
    until(lambda: limits.holders("db") == [], "the slot is given back with the run's end")


def test_a_task_that_waits_for_its_tags_slot_says_so(limits: Limits, book: Book) -> None:
    limits.make("db", 1)

    @task(tags=["db"])
    def query() -> int:
        return 1

    @flow
    def load() -> int:
        with concurrency("db"):
            future = query.submit()
            until(lambda: len(limits.waiters("db")) == 1, "it stands in line")
        return future.result()

    assert load() == 1
    shutdown()
    assert book.history(book.task_run("query")) == [
        "Pending",
        "AwaitingConcurrencySlot",
        "Running",
        "Completed",
    ]


def test_a_task_gives_its_tags_slots_back_with_its_end(limits: Limits, book: Book) -> None:
    limits.make("db", 1)

    @task(tags=["db"], retries=1)
    def use(fails: bool) -> int:
        (claim,) = limits.holders("db")
        assert str(claim.holder.task_run_id) == task_run.id
        if fails and task_run.run_count == 1:
            raise ValueError("once")
        return int(task_run.run_count)

    @flow
    def all_after_one_another() -> list[int]:
        return [future.result() for future in [use.submit(number % 2 == 1) for number in range(6)]]

    assert all_after_one_another() == [1, 2] * 3
    assert (limits.holders("db"), limits.waiters("db")) == ([], [])


def test_a_task_whose_tags_limit_is_shut_fails(limits: Limits) -> None:
    limits.make("db", 0)

    @task(tags=["db"])
    def query() -> int:
        return 1

    state = query(return_state=True)
    assert state.is_failed()
    assert "greater than the limit" in str(state.message)


async def test_asynchronous_tasks_take_slots_of_their_tags_limits(limits: Limits) -> None:
    await asyncio.to_thread(limits.make, "db", 2)
    crowd = Crowd()

    @task(tags=["db"])
    async def query(number: int) -> int:
        with crowd:
            await asyncio.sleep(0)
            return number

    @flow
    async def load() -> list[int]:
        return await asyncio.gather(*[query(number) for number in range(6)])

    assert await load() == list(range(6))
    assert 1 <= crowd.most <= 2


async def test_slots_of_a_task_run_that_is_named(limits: Limits) -> None:
    await asyncio.to_thread(limits.make, "db", 1)
    run_id = uuids.uuid7()
    async with first_awaited.concurrency("db", task_run_id=run_id):
        (claim,) = await asyncio.to_thread(limits.holders, "db")
        assert claim.holder.task_run_id == run_id
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(first.concurrency("db", run_id, 0.05).__enter__)


def test_a_lease_that_was_lost_is_an_error_at_the_end_of_a_strict_block(
    limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    limits.make("db", 1)

    def lose() -> None:
        limits.do(lambda db, now: reset_limit(db, "db", now))
        until(lambda: "slots are no longer reserved" in caplog.text, "the loss is noticed")

    with caplog.at_level("WARNING"):
        with concurrency("db", lease_duration=0.3):
            lose()
        caplog.clear()
        with (
            pytest.raises(ConcurrencySlotAcquisitionError, match="was lost before the block ended"),
            concurrency("db", lease_duration=0.3, strict=True),
        ):
            lose()


def test_slots_that_were_lost_just_before_the_end_are_an_error_if_that_is_wanted(
    limits: Limits,
) -> None:
    limits.make("db", 1)

    def use() -> None:
        with concurrency("db", on_lease_lost="fence"):
            limits.do(lambda db, now: reset_limit(db, "db", now))

    with pytest.raises(ConcurrencySlotsLost, match="was lost before the block ended"):
        use()


@pytest.mark.parametrize("within_run", [False, True])
def test_code_whose_lease_was_lost_is_aborted_if_that_is_wanted(
    limits: Limits, within_run: bool
) -> None:
    limits.make("db", 1)
    reached: list[str] = []

    def use() -> None:
        with concurrency("db", lease_duration=0.3, on_lease_lost="abort"):
            limits.do(lambda db, now: reset_limit(db, "db", now))
            until(lambda: False, "it is aborted")
            reached.append("the end")

    with pytest.raises(ConcurrencySlotsLost, match="was lost before the block ended"):
        task(use)() if within_run else use()
    assert reached == []


async def test_a_coroutine_whose_lease_was_lost_is_aborted_if_that_is_wanted(
    limits: Limits,
) -> None:
    await asyncio.to_thread(limits.make, "db", 1)

    async def use() -> None:
        async with awaited.concurrency("db", lease_duration=0.3, on_lease_lost="abort"):
            await asyncio.to_thread(limits.do, lambda db, now: reset_limit(db, "db", now))
            await asyncio.Event().wait()

    with pytest.raises(ConcurrencySlotsLost, match="was lost before the block ended"):
        await use()
    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


def test_what_is_to_be_done_when_a_lease_is_lost_is_one_of_three(limits: Limits) -> None:
    limits.make("db", 1)
    with (
        pytest.raises(ValueError, match="on_lease_lost is 'panic'; use 'fence', 'abort' or 'warn'"),
        concurrency("db", on_lease_lost="panic"),  # type: ignore[arg-type]
    ):
        pass


def test_keys_come_from_the_parameters_of_the_run(limits: Limits) -> None:
    limits.make("api", 1)

    @task
    def call(tenant: str) -> str:
        with concurrency("api", key="{parameters.tenant}", priority=5):
            (claim,) = limits.holders("api")
            return claim.key

    @task
    def wrong(tenant: str) -> None:
        with concurrency("api", key="{parameters.customer}"):
            pass

    assert call("mill") == "mill"
    with pytest.raises(ConcurrencySlotAcquisitionError, match="no parameter 'customer'"):
        wrong("mill")


def test_tasks_that_wait_for_slots_do_not_keep_the_holders_own_tasks_from_running(
    limits: Limits,
) -> None:
    limits.make("db", 1)

    @task
    def inner() -> str:
        return "done"

    @task
    def outer() -> str:
        with concurrency("db", timeout_seconds=PATIENCE):
            return inner.submit().result()

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
    def both() -> list[str]:
        return [future.result() for future in [outer.submit() for _ in range(6)]]

    assert both() == ["done"] * 6


def test_a_lease_is_renewed_for_as_long_as_it_is_held(limits: Limits) -> None:
    limits.make("db", 1)
    with concurrency("db", lease_duration=0.5, strict=True):
        (before,) = limits.holders("db")
        until(lambda: limits.holders("db")[0].until > before.until, "it is renewed")
    assert limits.holders("db") == []


async def test_many_coroutines_that_wait_do_not_keep_the_holder_from_releasing(
    limits: Limits,
) -> None:
    await asyncio.to_thread(limits.make, "db", 1)

    async def use() -> None:
        async with awaited.concurrency("db", timeout_seconds=2 * PATIENCE):
            pass

    async with awaited.concurrency("db"):
        crowd = [asyncio.create_task(use()) for _ in range(110)]
        await asyncio.to_thread(
            until, lambda: len(limits.waiters("db")) == 110, "all stand in line"
        )
    await asyncio.gather(*crowd)
