"""How PostgreSQL reads a page of a ledger with many rows: by indexes, and never sorting many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import counts
from tests.ledger.test_queries_plans import IN_ORDER
from tests.postgres import Server, execute

#: Rows that a plan may sort, or scan a table of: those of fifty pages.
FEW = 50 * 51

#: Counts look at a bounded number of rows; of a state that nearly all are in, by no index.
PAGES = [case for case in IN_ORDER if not case.endswith("counts")]

#: The tables that have more rows.
MANY = {"flow_run", "task_run", "event", "log"}

#: The first of the flow runs.
RUNS = [UUID(int=number) for number in range(1, 51)]

_ID = "lpad(to_hex({}), 32, '0')::uuid"
_STATE = "CASE n % 100 WHEN 0 THEN 'FAILED' WHEN 1 THEN 'RUNNING' ELSE 'COMPLETED' END"

#: Flows with ten runs each, and a few task runs, events and log lines of each of these.
FILL = (
    "INSERT INTO flow (id, name, created_at) "
    f"SELECT {_ID.format('n')}, 'flow-' || n, n FROM generate_series(1, 2000) n",
    "INSERT INTO flow_run (id, flow_id, name, state_type, state_name, state_timestamp, run_count, "
    "parameters, tags, client_id, created_at, start_time, end_time, task_run_counts, "
    f"parent_flow_run_id) SELECT {_ID.format('n')}, {_ID.format('n / 10 + 1')}, 'run-' || n, "
    f"{_STATE}, 'Any', n, 1, '{{}}', '[]', {_ID.format('n')}, n, n, n + n % 977, '{{}}', "
    f"CASE n % 10 WHEN 0 THEN {_ID.format('n / 20 + 1')} END FROM generate_series(1, 20000) n",
    "INSERT INTO task_run (id, flow_run_id, task_name, name, state_type, state_name, "
    "state_timestamp, run_count, created_at, start_time, end_time, client_id) "
    f"SELECT {_ID.format('n')}, {_ID.format('n / 3 + 1')}, 'load', 'load-' || n, {_STATE}, 'Any', "
    f"n, 1, n, n, n, {_ID.format('n / 3 + 1')} FROM generate_series(1, 60000) n",
    "INSERT INTO event (at, kind, flow_run_id, subject_id, payload) SELECT n, "
    "CASE n % 50 WHEN 0 THEN 'custom' ELSE 'task_run' END, "
    f'{_ID.format("n / 6 + 1")}, {_ID.format("n / 2 + 1")}, \'{{"name":"name-\' || n % 10 || '
    '\'","resource":{}}\' FROM generate_series(1, 120000) n',
    "INSERT INTO log (at, level, flow_run_id, task_run_id, logger, message) SELECT n, 20, "
    f"{_ID.format('n / 3 + 1')}, {_ID.format('n')}, 'test', 'line ' || n "
    "FROM generate_series(1, 60000) n",
    "VACUUM (ANALYZE)",  # which rows all can see: an index alone tells of no others
)


@pytest.fixture(scope="module")
def full(postgres: Server) -> Iterator[Ledger]:
    """A ledger with many rows."""
    url = postgres.create()
    ledger = Ledger.open(url)
    for statement in FILL:
        execute(url, statement)
    yield ledger
    ledger.close()


def plans(ledger: Ledger, query: Any, *args: Any) -> list[dict[str, Any]]:
    """The steps of the plans of the selects that a query runs."""

    def explain(db: Any) -> list[Any]:
        seen: list[Any] = []
        db.query_hooks.append(seen.append)
        try:
            query(db, *args)
        finally:
            db.query_hooks.remove(seen.append)
        return [
            _parsed(db.execute_sql(f"EXPLAIN (FORMAT JSON) {each.sql}", each.params).fetchone()[0])
            for each in seen
            if each.sql.lstrip("(").startswith(("SELECT", "WITH"))
        ]

    found: list[dict[str, Any]] = []
    for plan in ledger.read(explain).result(20):
        waiting = [plan[0]["Plan"]]
        while waiting:
            step = waiting.pop()
            found.append(step)
            waiting += step.get("Plans", [])
    return found


def _parsed(plan: Any) -> Any:
    return json.loads(plan) if isinstance(plan, str) else plan


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
