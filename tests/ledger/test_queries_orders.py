"""Runs in every order, page by page from either end: every row once, what has no value last."""

from __future__ import annotations

from uuid import UUID

import pytest

from headrace.records import FlowRunCreated, Record
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import flow_runs, task_runs
from headrace_service.ledger.queries.flow_runs import FlowRunRow, FlowRunWhere
from headrace_service.ledger.queries.orders import RunOrder, place_of
from headrace_service.ledger.queries.paging import OrderKey, Page, Slice
from headrace_service.ledger.queries.task_runs import TaskRunWhere
from tests.builders import EPOCH, Stream, enters, flow_run, state, task_run

#: Name, start and end of each run, in seconds; None has not come yet. Some are equal.
RUNS = [
    ("d", 3, 9),
    ("a", 3, None),
    ("a", None, None),
    ("c", 1, 2),
    ("b", 1, 8),
    ("e", None, None),
    ("b", 5, 11),
]


def moment(seconds: int) -> int:
    return EPOCH + seconds * 1_000_000


@pytest.fixture
def runs(ledger: Ledger) -> list[FlowRunCreated]:
    made: list[FlowRunCreated] = []
    records: list[Record] = []
    for name, start, end in RUNS:
        new = flow_run(name=name)
        kind = "SCHEDULED" if start is None else "RUNNING"
        made.append(
            FlowRunCreated(new.id, "etl", name, state(kind, at=moment(start or 0), run_count=0))
        )
        if end is not None:
            records.append(enters(made[-1], state("COMPLETED", at=moment(end))))
    ledger.append(Stream().batch(*made, *records)).result()
    return made


def value(index: int, order: RunOrder) -> int | str | None:
    name, start, end = RUNS[index]
    if order.term == "duration":
        return None if start is None or end is None else end - start
    return {"name": name, "start_time": start, "end_time": end, "due_time": start or 0}[order.term]


def expected(order: RunOrder) -> list[int]:
    """The runs' numbers in an order; where they are equal, by their age."""
    numbers = sorted(range(len(RUNS)), reverse=not order.rises)
    known = [number for number in numbers if value(number, order) is not None]
    known.sort(key=lambda number: value(number, order) or 0, reverse=not order.rises)
    return known + [number for number in numbers if value(number, order) is None]


ORDERS = [order for order in RunOrder if not order.is_of_creation]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_in_an_order_cover_everything_from_either_end(
    ledger: Ledger, runs: list[FlowRunCreated], order: RunOrder, limit: int
) -> None:
    def read(page: Page) -> Slice[FlowRunRow]:
        return ledger.read(flow_runs.page_of_flow_runs, page, FlowRunWhere(), order).result()

    forwards: list[UUID] = []
    after: OrderKey | None = None
    more = True
    while more:
        page = read(Page(limit, after=after))
        forwards += [row.id for row in page.rows]
        after, more = place_of(page.rows[-1], order), page.has_next
    backwards: list[UUID] = []
    before: OrderKey | None = None
    more = True
    while more:
        page = read(Page(limit, before=before, from_end=True))
        backwards = [row.id for row in page.rows] + backwards
        before, more = place_of(page.rows[0], order), page.has_previous
    assert forwards == backwards == [runs[number].id for number in expected(order)]


def test_between_two_places_is_what_stands_there(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    order = RunOrder.END_TIME_ASC
    everything = ledger.read(flow_runs.page_of_flow_runs, Page(50), FlowRunWhere(), order).result()
    places = [place_of(row, order) for row in everything.rows]
    for first in range(len(places)):
        for last in range(first + 1, len(places)):
            page = Page(50, after=places[first], before=places[last])
            found = ledger.read(flow_runs.page_of_flow_runs, page, FlowRunWhere(), order).result()
            assert found.rows == everything.rows[first + 1 : last]


def test_an_order_goes_with_conditions(ledger: Ledger, runs: list[FlowRunCreated]) -> None:
    where = FlowRunWhere(states=frozenset({"COMPLETED"}), name_contains="B")
    page = ledger.read(flow_runs.page_of_flow_runs, Page(50), where, RunOrder.DURATION_ASC).result()
    assert [row.id for row in page.rows] == [runs[6].id, runs[4].id]


def test_from_the_oldest_on(ledger: Ledger, runs: list[FlowRunCreated]) -> None:
    page = ledger.read(
        flow_runs.page_of_flow_runs, Page(50), FlowRunWhere(), RunOrder.OLDEST
    ).result()
    assert [row.id for row in page.rows] == [run.id for run in runs]


def test_task_runs_of_a_flow_run_in_an_order(ledger: Ledger) -> None:
    owner, other = flow_run(), flow_run()
    tasks = [task_run(owner, name) for name in ("quick", "slow", "open")]
    ends = [enters(tasks[0], state("COMPLETED", at=moment(1)))]
    ends.append(enters(tasks[1], state("COMPLETED", at=moment(4))))
    ledger.append(Stream().batch(owner, other, task_run(other), *tasks, *ends)).result()
    where = TaskRunWhere(flow_run_id=owner.id)

    def names(order: RunOrder | None) -> list[str]:
        page = ledger.read(task_runs.page_of_task_runs, Page(50), where, order).result()
        return [row.name for row in page.rows]

    assert names(RunOrder.DURATION_DESC) == ["slow", "quick", "open"]
    assert names(RunOrder.NAME_ASC) == ["open", "quick", "slow"]
    assert names(RunOrder.NEWEST) == ["open", "slow", "quick"]
    assert names(None) == names(RunOrder.OLDEST) == ["quick", "slow", "open"]
