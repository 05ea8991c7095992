"""Which filters of runs an index leads to. All others are looked for row by row, in the list's
order, which docs/graphql.md says; what is in neither set here is no filter."""

from __future__ import annotations

from typing import Any

import pytest
import uuid_utils.compat as uuids

from headrace_service.ledger.queries.flow_runs import FlowRunWhere, page_of_flow_runs
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.queries.task_runs import TaskRunWhere, page_of_task_runs
from tests.ledger.test_queries_plans import Statements, statements

__all__ = ["statements"]

ONE, TWO = uuids.uuid7(), uuids.uuid7()
SOME, WORDS = frozenset({ONE, TWO}), frozenset({"x", "y"})

LISTS: dict[str, tuple[Any, type[Any]]] = {
    "flow runs": (page_of_flow_runs, FlowRunWhere),
    "task runs": (page_of_task_runs, TaskRunWhere),
}

#: By an index: what leads to the runs that fit, whose number may be any.
LED: dict[str, dict[str, Any]] = {
    "flow runs": {
        "states": frozenset({"FAILED", "PAUSED"}),
        "ids": SOME,
        "names": WORDS,
        "flow_name": "etl",
        "flow_ids": SOME,
        "flow_names": WORDS,
        "flow_name_contains": "x",
        "parent_flow_run_id": ONE,
        "parent_flow_run_ids": SOME,
        "parent_task_run_ids": SOME,
        "deployment_id": ONE,
        "deployment_ids": SOME,
        "idempotency_keys": WORDS,
        "work_pool_names": WORDS,
        "work_queue_names": WORDS,
    },
    "task runs": {
        "states": frozenset({"FAILED", "PAUSED"}),
        "ids": SOME,
        "flow_run_id": ONE,
        "flow_run_ids": SOME,
    },
}

#: Row by row, until the page is full.
_OF_BOTH: dict[str, Any] = {
    "not_ids": SOME,
    "name_contains": "x",
    "not_states": WORDS,
    "state_names": WORDS,
    "not_state_names": WORDS,
    "tags": WORDS,
    "any_tags": WORDS,
    "untagged": True,
    "started_after": 1,
    "started_before": 1,
    "ended_after": 1,
    "ended_before": 1,
    "min_duration": 1,
    "max_duration": 1,
    "started": True,
    "ended": True,
}
SOUGHT: dict[str, dict[str, Any]] = {
    "flow runs": {
        **_OF_BOTH,
        "flow_versions": WORDS,
        "top_level_only": True,
        "is_subflow": False,
        "deployed": False,
        "due_after": 1,
        "due_before": 1,
    },
    "task runs": {**_OF_BOTH, "names": WORDS, "task_name": "load"},
}


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_is_one_or_the_other(name: str) -> None:
    _, where = LISTS[name]
    assert sorted([*LED[name], *SOUGHT[name]]) == sorted(where.__struct_fields__)


@pytest.mark.parametrize("name", LISTS)
def test_how_a_file_finds_what_a_filter_asks_for(statements: Statements, name: str) -> None:
    query, where = LISTS[name]
    by_row: list[str] = []
    for field, value in (LED[name] | SOUGHT[name]).items():
        statements.run(query, Page(50), where(**{field: value}))
        steps = statements.plan()
        if [step for step in steps if step.startswith(("SCAN run", "SCAN one"))]:
            by_row.append(field)
            assert [step for step in steps if "TEMP B-TREE" in step] == []
    assert by_row == [*SOUGHT[name]]
