"""How PostgreSQL reads a page of a ledger with many rows: by indexes, and never sorting many."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import counts
from headrace_service.ledger.queries.paging import Page
from tests.ledger.many_rows import filled, plans
from tests.ledger.test_queries_filters import LED, LISTS
from tests.ledger.test_queries_plans import IN_ORDER
from tests.postgres import Server

#: Rows that a plan may sort, or scan a table of: those of fifty pages.
FEW = 50 * 51

#: Counts look at a bounded number of rows; of a state that nearly all are in, by no index.
PAGES = [case for case in IN_ORDER if not case.endswith("counts")]

#: The tables that have more rows.
MANY = {"flow_run", "task_run", "event", "log"}

#: The first of the flow runs.
RUNS = [UUID(int=number) for number in range(1, 51)]


@pytest.fixture(scope="module")
def full(postgres: Server) -> Iterator[Ledger]:
    """A ledger with many rows, which nobody changes."""
    opened = filled(postgres)
    yield opened
    opened.close()


@pytest.mark.parametrize("many", [1, 50])
def test_how_the_tasks_of_runs_stand_is_read_from_an_index_alone(full: Ledger, many: int) -> None:
    steps = plans(full, counts.task_summaries, RUNS[:many])
    (read,) = [step for step in steps if "Relation Name" in step]
    assert (read["Node Type"], read["Index Name"]) == ("Index Only Scan", "task_run_by_task")


@pytest.mark.parametrize("case", PAGES)
def test_a_page_is_read_by_an_index_and_not_sorted(full: Ledger, case: str) -> None:
    query, *args = IN_ORDER[case]
    steps = plans(full, query, *args)
    assert steps
    costly = [
        (step["Node Type"], step.get("Relation Name"), step["Plan Rows"])
        for step in steps
        if step["Node Type"] in ("Seq Scan", "Sort", "Incremental Sort", "Bitmap Heap Scan")
        and step["Plan Rows"] > FEW
    ]
    assert costly == []
    scanned = {step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan"}
    assert scanned & MANY == set()


@pytest.mark.parametrize("name", LED)
def test_filters_that_an_index_leads_to_have_one_here_too(full: Ledger, name: str) -> None:
    query, where = LISTS[name]
    for field, value in LED[name].items():
        steps = plans(full, query, Page(50), where(**{field: value}))
        read = [step for step in steps if step.get("Relation Name") in ("flow_run", "task_run")]
        assert read, field
        assert [step for step in read if "Index Cond" not in step] == [], field
