"""A ledger on PostgreSQL with many rows, and how it is read."""

from __future__ import annotations

import json
from typing import Any

from headrace_service.ledger import Ledger
from tests.postgres import Server, execute
from tests.recorder_kit import PATIENCE

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


def filled(server: Server) -> Ledger:
    """A new ledger with all that."""
    url = server.create()
    ledger = Ledger.open(url)
    for statement in FILL:
        execute(url, statement)
    return ledger


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
    for plan in ledger.read(explain).result(PATIENCE):
        waiting = [plan[0]["Plan"]]
        while waiting:
            step = waiting.pop()
            found.append(step)
            waiting += step.get("Plans", [])
    return found


def _parsed(plan: Any) -> Any:
    return json.loads(plan) if isinstance(plan, str) else plan
