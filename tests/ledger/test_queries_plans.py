"""How SQLite reads a page: by an index that has it in order, so that no page costs more than
another, and with as many statements for one parent as for fifty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import uuid_utils.compat as uuids

from headrace_service.ledger import (
    Ledger,
    artifacts,
    automations,
    background,
    blocks,
    claims,
    firing,
    variables,
)
from headrace_service.ledger.artifacts import ArtifactWhere
from headrace_service.ledger.automations import AutomationWhere
from headrace_service.ledger.blocks import BlockWhere
from headrace_service.ledger.queries import (
    concurrency,
    counts,
    custom_events,
    deployments,
    events,
    flow_runs,
    flows,
    logs,
    task_runs,
    upcoming,
    work_pools,
)
from headrace_service.ledger.queries.deployments import DeploymentWhere
from headrace_service.ledger.queries.flow_runs import FlowRunWhere
from headrace_service.ledger.queries.logs import LogWhere
from headrace_service.ledger.queries.names import NameOrder
from headrace_service.ledger.queries.orders import RunOrder
from headrace_service.ledger.queries.paging import NameKey, OrderKey, Page
from headrace_service.ledger.queries.task_runs import TaskRunWhere
from headrace_service.ledger.queries.work_pools import WorkPoolWhere
from headrace_service.ledger.variables import VariableWhere

ONE = uuids.uuid7()
MANY = [uuids.uuid7() for _ in range(50)]
STATES = frozenset({"FAILED", "CRASHED", "COMPLETED"})
FIRST, LATER, LAST = Page(50), Page(50, after=ONE), Page(50, from_end=True)
LOGS = Page(50, after=7)

IN_ORDER: dict[str, tuple[Any, ...]] = {
    "task runs": (task_runs.page_of_task_runs, FIRST),
    "task runs, later": (task_runs.page_of_task_runs, LATER),
    "task runs, from the end": (task_runs.page_of_task_runs, LAST),
    "task runs by states": (task_runs.page_of_task_runs, LATER, TaskRunWhere(states=STATES)),
    "task runs of a run": (task_runs.page_of_task_runs, LATER, TaskRunWhere(flow_run_id=ONE)),
    "task runs of a run by states": (
        task_runs.page_of_task_runs,
        LATER,
        TaskRunWhere(flow_run_id=ONE, states=STATES),
    ),
    "task runs of many": (task_runs.task_runs_of, MANY, LATER, TaskRunWhere(states=STATES)),
    "flow runs": (flow_runs.page_of_flow_runs, LATER),
    "flow runs by states": (flow_runs.page_of_flow_runs, LATER, FlowRunWhere(states=STATES)),
    **{
        f"flow runs by {order.value}": (
            flow_runs.page_of_flow_runs,
            Page(50, after=OrderKey(order.term, "x" if order.term == "name" else 1, ONE)),
            FlowRunWhere(states=STATES),
            order,
        )
        for order in RunOrder
        if not order.is_of_creation
    },
    "flow runs of a flow": (
        flow_runs.page_of_flow_runs,
        LATER,
        FlowRunWhere(flow_name="etl", states=STATES),
    ),
    "flow runs of a parent": (
        flow_runs.page_of_flow_runs,
        LATER,
        FlowRunWhere(parent_flow_run_id=ONE, states=STATES),
    ),
    "subflow runs of many": (flow_runs.subflow_runs, MANY, LATER, FlowRunWhere(states=STATES)),
    "runs of many flows": (flow_runs.runs_of_flows, MANY, LATER, FlowRunWhere()),
    "flow run counts": (counts.flow_run_counts, FlowRunWhere(), 10_000),
    "task run counts": (counts.task_run_counts, TaskRunWhere(), 10_000),
    "schedules that fire": (upcoming.firing_schedules, None, 50),
    "flows": (flows.page_of_flows, Page(50, after="etl"), None),
    **{
        f"deployments by {order.value}": (
            deployments.page_of_deployments,
            Page(50, after=NameKey(("etl", "daily"), ONE)),
            DeploymentWhere(),
            order,
        )
        for order in NameOrder
    },
    **{
        f"work pools by {order.value}": (
            work_pools.page_of_work_pools,
            Page(50, after=NameKey(("mill",), ONE)),
            WorkPoolWhere(),
            order,
        )
        for order in NameOrder
    },
    "schedules": (deployments.page_of_schedules, LATER),
    "workers": (work_pools.page_of_workers, LATER),
    "variables": (variables.page_of_variables, Page(50, after="rate"), VariableWhere()),
    "artifacts": (artifacts.page_of_artifacts, LATER, ArtifactWhere()),
    "the newest artifact of each key": (
        artifacts.page_of_artifacts,
        LATER,
        ArtifactWhere(latest_only=True),
    ),
    "artifacts of a key": (
        artifacts.page_of_artifacts,
        LATER,
        ArtifactWhere(keys=frozenset({"report"})),
    ),
    "artifacts of a run": (
        artifacts.page_of_artifacts,
        LATER,
        ArtifactWhere(flow_run_ids=frozenset({ONE})),
    ),
    "artifacts of a task run": (
        artifacts.page_of_artifacts,
        LATER,
        ArtifactWhere(task_run_ids=frozenset({ONE})),
    ),
    "automations": (automations.page_of_automations, LATER, AutomationWhere()),
    "blocks": (blocks.page_of_blocks, LATER, BlockWhere()),
    "types of blocks": (blocks.page_of_block_types, Page(50, after="login")),
    "limits": (concurrency.page_of_limits, Page(50, after="db")),
    "logs": (logs.page_of_logs, LOGS),
    "logs of a run": (logs.page_of_logs, LOGS, LogWhere(flow_run_id=ONE, min_level=30)),
    "logs of a task run": (
        logs.page_of_logs,
        LOGS,
        LogWhere(task_run_id=ONE, flow_run_id=ONE),
    ),
    "logs of many runs": (logs.logs_of_flow_runs, MANY, LOGS, LogWhere()),
    "logs of many task runs": (logs.logs_of_task_runs, MANY, LOGS, LogWhere()),
    "histories": (events.histories, MANY[:1]),
    "events of users": (custom_events.page_of_events, LOGS, None, None),
    "events of users by name": (custom_events.page_of_events, LOGS, "order.shipped", None),
    "events of users in a run": (custom_events.page_of_events, LOGS, None, ONE),
}


class Statements:
    """The selects that were run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.seen: list[tuple[str, Any]] = []

    def note(self, event: Any) -> None:
        if event.sql.startswith(("SELECT", "WITH")):
            self.seen.append((event.sql, event.params))

    def run(self, query: Any, *args: Any) -> int:
        """How many selects a query takes."""
        self.seen.clear()
        self._ledger.read(query, *args).result()
        return len(self.seen)

    def plan(self) -> list[str]:
        """The steps in which SQLite does them."""

        def explain(db: Any) -> list[str]:
            return [
                step[3]
                for sql, params in list(self.seen)
                for step in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params)
            ]

        return self._ledger.read(explain).result()


@pytest.fixture
def statements(file_ledger: Ledger) -> Iterator[Statements]:
    noted = Statements(file_ledger)
    hooks = file_ledger._reading.db.query_hooks
    hooks.append(noted.note)
    yield noted
    hooks.remove(noted.note)


@pytest.mark.parametrize("case", IN_ORDER)
def test_a_page_is_read_in_order_from_an_index(statements: Statements, case: str) -> None:
    query, *args = IN_ORDER[case]
    statements.run(query, *args)
    steps = statements.plan()
    assert steps
    assert [step for step in steps if "TEMP B-TREE" in step] == []
    # Only a whole list is scanned, in its own order; and what a part of the statement has found.
    scans = [
        step
        for step in steps
        if step.startswith("SCAN") and not step.startswith(("SCAN part", "SCAN (subquery"))
    ]
    assert scans == (["SCAN one"] if args in ([FIRST], [LAST]) else [])


SERVED = claims.Claimant(ONE, deployment_ids=MANY)
POOLED = claims.Claimant(ONE, pool_id=ONE, queues=["default"])

#: What is asked for again and again while nothing happens, on ledgers of any size.
ASKED: dict[str, tuple[Any, ...]] = {
    "the next run for who serves": (claims.next_due, SERVED),
    "the next run for a pool's worker": (claims.next_due, POOLED),
    "runs to be ended": (claims.to_be_ended, ONE, frozenset()),
    "runs that are late": (firing.overdue, 7),
    "tasks that wait": (background.waiting, ["load"], 10),
    "the next time of a schedule": (firing.next_fire,),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_workers_and_loops_ask_for_is_found_by_an_index(
    statements: Statements, case: str
) -> None:
    query, *args = ASKED[case]
    assert statements.run(query, *args)
    assert [step for step in statements.plan() if step.startswith("SCAN")] == []


@pytest.mark.parametrize("query", [firing.too_late, firing.next_turn])
def test_runs_that_may_be_too_late_are_found_by_their_schedules(
    statements: Statements, query: Any
) -> None:
    statements.run(query, 7)
    steps = [step for step in statements.plan() if step.split()[1] in ("run", "schedule")]
    index = "flow_run_open_of_schedule"
    assert [step.split(" (")[0] for step in steps] == [
        "SCAN schedule",
        f"SEARCH run USING INDEX {index}",
    ]


def test_of_what_is_coming_only_runs_that_wait_are_looked_at(statements: Statements) -> None:
    statements.run(upcoming.waiting_runs, None, 50)
    found, *_ = statements.plan()
    assert found.startswith("SEARCH run USING INDEX")


def test_how_the_tasks_of_runs_stand_is_read_from_an_index_alone(statements: Statements) -> None:
    assert statements.run(counts.task_summaries, MANY) == 1
    (found,) = statements.plan()
    assert found.startswith("SEARCH t1 USING COVERING INDEX task_run_by_task")


def test_the_runs_of_queues_are_found_by_an_index(statements: Statements) -> None:
    where = FlowRunWhere(work_pool_names=frozenset({"mill"}))
    statements.run(flow_runs.page_of_flow_runs, FIRST, where)
    steps = statements.plan()
    assert [step for step in steps if "flow_run_by_queue" in step]
    assert [step for step in steps if step.startswith("SCAN")] == []


NESTED: dict[str, tuple[Any, ...]] = {
    "task runs": (task_runs.task_runs_of, FIRST, TaskRunWhere()),
    "subflow runs": (flow_runs.subflow_runs, FIRST, FlowRunWhere()),
    "runs of flows": (flow_runs.runs_of_flows, FIRST, FlowRunWhere()),
    "logs": (logs.logs_of_flow_runs, FIRST, LogWhere()),
    "logs with subflows": (logs.logs_of_flow_runs, FIRST, LogWhere(include_subflows=True)),
    "logs of task runs": (logs.logs_of_task_runs, FIRST, LogWhere()),
}


@pytest.mark.parametrize("case", NESTED)
def test_fifty_parents_take_no_more_statements_than_one(statements: Statements, case: str) -> None:
    query, page, where = NESTED[case]
    assert statements.run(query, MANY[:1], page, where) == statements.run(query, MANY, page, where)
