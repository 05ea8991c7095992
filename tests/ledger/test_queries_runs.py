"""Pages of flow runs and task runs: every row once, the right ones, in the right order."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest

from headrace.records import FlowRunCreated, TaskRunCreated
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import events, flow_runs, flows, task_runs
from headrace_service.ledger.queries.flow_runs import FlowRunRow, FlowRunWhere
from headrace_service.ledger.queries.paging import Page, Slice
from headrace_service.ledger.queries.task_runs import TaskRunWhere
from tests.builders import EPOCH, Stream, custom_event, enters, flow_run, state, task_run

Reader = Callable[[Page], Slice[FlowRunRow]]


def take(ledger: Ledger, *records: object) -> None:
    """Record, and insist that nothing is refused."""
    ack = ledger.append(Stream().batch(*records)).result()  # type: ignore[arg-type]
    assert ack.refused == []


def names(page: Slice[FlowRunRow]) -> list[str]:
    return [row.name for row in page.rows]


def forward(read: Reader, limit: int) -> list[str]:
    """All names, page after page from the start."""
    found: list[str] = []
    after: UUID | None = None
    while True:
        page = read(Page(limit, after=after))
        assert page.has_previous == (after is not None)
        found += names(page)
        if not page.has_next:
            return found
        assert len(page.rows) == limit
        after = page.rows[-1].id


def backward(read: Reader, limit: int) -> list[str]:
    """All names, page before page from the end."""
    found: list[str] = []
    before: UUID | None = None
    while True:
        page = read(Page(limit, before=before, from_end=True))
        assert page.has_next == (before is not None)
        found = names(page) + found
        if not page.has_previous:
            return found
        assert len(page.rows) == limit
        before = page.rows[0].id


@pytest.fixture
def runs(ledger: Ledger) -> list[FlowRunCreated]:
    """Twelve runs of three flows; every other one has failed, and each fourth has a subflow run."""
    made: list[FlowRunCreated] = []
    for index in range(12):
        parent = made[index - 1].id if index % 4 == 3 else None
        made.append(flow_run(f"flow-{index % 3}", f"run-{index:02}", parent=parent))
    failed = [enters(run, state("FAILED", at=EPOCH + 5)) for run in made[::2]]
    take(ledger, *made, *failed)
    return made


ALL = [f"run-{index:02}" for index in reversed(range(12))]
FAILED = [f"run-{index:02}" for index in reversed(range(0, 12, 2))]

FILTERS = {
    "everything": (FlowRunWhere(), ALL),
    "one state": (FlowRunWhere(states=frozenset({"FAILED"})), FAILED),
    "several states": (FlowRunWhere(states=frozenset({"FAILED", "RUNNING", "CRASHED"})), ALL),
    "no state at all": (FlowRunWhere(states=frozenset()), []),
    "a flow": (FlowRunWhere(flow_name="flow-1"), ["run-10", "run-07", "run-04", "run-01"]),
    "a flow and a state": (
        FlowRunWhere(flow_name="flow-1", states=frozenset({"FAILED"})),
        ["run-10", "run-04"],
    ),
    "an unknown flow": (FlowRunWhere(flow_name="nobody"), []),
    "a part of the name": (FlowRunWhere(name_contains="N-1"), ["run-11", "run-10"]),
    "top level": (
        FlowRunWhere(top_level_only=True),
        [name for name in ALL if name not in {"run-03", "run-07", "run-11"}],
    ),
    "started later": (FlowRunWhere(started_after=EPOCH + 1), []),
    "started then": (FlowRunWhere(started_after=EPOCH, started_before=EPOCH + 1), ALL),
}


@pytest.mark.parametrize(("where", "expected"), FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("limit", [1, 5, 12, 200])
def test_pages_of_flow_runs_cover_what_is_wanted_from_either_end(
    ledger: Ledger,
    runs: list[FlowRunCreated],
    where: FlowRunWhere,
    expected: list[str],
    limit: int,
) -> None:
    def read(page: Page) -> Slice[FlowRunRow]:
        return ledger.read(flow_runs.page_of_flow_runs, page, where).result()

    assert forward(read, limit) == expected
    assert backward(read, limit) == expected


def test_new_rows_do_not_move_a_page(ledger: Ledger, runs: list[FlowRunCreated]) -> None:
    first = ledger.read(flow_runs.page_of_flow_runs, Page(5)).result()
    take(ledger, flow_run("flow-0", "late"))
    second = ledger.read(flow_runs.page_of_flow_runs, Page(5, after=first.rows[-1].id)).result()
    assert names(first) + names(second) == ALL[:10]


def test_a_tag_is_matched_as_a_whole(ledger: Ledger) -> None:
    odd = ['say "hi"', "50%", "naïve", "under_score"]
    tagged = [
        FlowRunCreated(run.id, run.flow_name, tag, run.state, tags=[tag, "all"])
        for tag in odd
        for run in [flow_run()]
    ]
    take(ledger, *tagged)

    def with_tags(*tags: str) -> list[str]:
        where = FlowRunWhere(tags=frozenset(tags))
        return names(ledger.read(flow_runs.page_of_flow_runs, Page(50), where).result())

    assert [with_tags(tag) for tag in odd] == [[tag] for tag in odd]
    assert with_tags("all", "50%") == ["50%"]
    assert with_tags("hi") == with_tags("50") == with_tags("underXscore") == []


def test_the_pages_of_many_parents_are_those_of_each(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    tasks: list[TaskRunCreated] = []
    for index, run in enumerate(runs):
        tasks += [task_run(run, f"{run.name}/{number}") for number in range(index)]
    take(ledger, *tasks)
    parents = [run.id for run in runs]
    for page in (Page(3), Page(3, from_end=True), Page(200), Page(2, after=tasks[10].id)):
        together = ledger.read(task_runs.task_runs_of, parents, page, TaskRunWhere()).result()
        for parent, found in zip(parents, together, strict=True):
            where = TaskRunWhere(flow_run_id=parent)
            alone = ledger.read(task_runs.page_of_task_runs, page, where).result()
            assert found == alone


def test_subflow_runs_and_the_runs_of_a_flow(ledger: Ledger, runs: list[FlowRunCreated]) -> None:
    parents = [run.id for run in runs[:4]]
    below = ledger.read(flow_runs.subflow_runs, parents, Page(50), FlowRunWhere()).result()
    assert [names(page) for page in below] == [[], [], ["run-03"], []]

    listed = ledger.read(flows.page_of_flows, Page(50), None).result().rows
    assert [flow.name for flow in listed] == ["flow-0", "flow-1", "flow-2"]
    failed = FlowRunWhere(states=frozenset({"FAILED"}))
    ids = [flow.id for flow in listed]
    each = ledger.read(flow_runs.runs_of_flows, ids, Page(1), failed).result()
    assert [(names(page), page.has_next) for page in each] == [
        (["run-06"], True),
        (["run-10"], True),
        (["run-08"], True),
    ]


def test_task_runs_by_state(ledger: Ledger, runs: list[FlowRunCreated]) -> None:
    tasks = [task_run(runs[index % 2], f"t{index}") for index in range(6)]
    take(ledger, *tasks, *(enters(task, state("COMPLETED")) for task in tasks[:4]))

    def read(where: TaskRunWhere) -> list[str]:
        page = ledger.read(task_runs.page_of_task_runs, Page(50), where).result()
        return [row.name for row in page.rows]

    completed = frozenset({"COMPLETED"})
    assert read(TaskRunWhere()) == ["t5", "t4", "t3", "t2", "t1", "t0"]
    assert read(TaskRunWhere(states=completed)) == ["t3", "t2", "t1", "t0"]
    # Of one flow run they come in the order in which it made them.
    assert read(TaskRunWhere(states=completed, flow_run_id=runs[0].id)) == ["t0", "t2"]
    assert read(TaskRunWhere(task_name="t4")) == ["t4"]
    assert read(TaskRunWhere(name_contains="T")) == read(TaskRunWhere())


def test_a_history_tells_every_state_in_order(ledger: Ledger) -> None:
    run, other = flow_run(), flow_run()
    retried = state("RUNNING", "Retrying", at=EPOCH + 2, run_count=2)
    take(
        ledger,
        run,
        other,
        enters(run, state("SCHEDULED", "AwaitingRetry", at=EPOCH + 1, message="once more")),
        enters(run, retried),
    )
    first, second = ledger.read(events.histories, [run.id, other.id]).result()
    assert [(row.payload.name, row.at - EPOCH, row.payload.run_count) for row in first] == [
        ("Running", 0, 1),
        ("AwaitingRetry", 1, 1),
        ("Retrying", 2, 2),
    ]
    assert first[1].payload.message == "once more"
    assert len(second) == 1


def test_of_a_long_history_only_the_newest_states_are_told(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_STATES", 3)
    run, short = flow_run(), flow_run()
    changes = [
        enters(run, state("RUNNING" if count % 2 else "PAUSED", at=EPOCH + count))
        for count in range(1, 6)
    ]
    take(ledger, run, short, *changes)
    long, brief = ledger.read(events.histories, [run.id, short.id]).result()
    assert [row.at - EPOCH for row in long] == [3, 4, 5]
    assert len(brief) == 1


def test_an_event_of_a_user_that_bears_a_runs_id_is_no_state_of_it(ledger: Ledger) -> None:
    run = flow_run()
    take(ledger, run, msgspec.structs.replace(custom_event(run), id=run.id))
    (history,) = ledger.read(events.histories, [run.id]).result()
    assert [row.payload.name for row in history] == ["Running"]


def test_a_page_tells_how_much_of_the_feed_it_shows(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    seen, _ = ledger.read(events.latest).result()
    assert ledger.read(flow_runs.page_of_flow_runs, Page(1)).result().seen == seen == 18


def test_what_is_below_a_run_is_found_however_deep(ledger: Ledger) -> None:
    top, stranger = flow_run(), flow_run()
    chain = [top]
    for _ in range(5):
        chain.append(flow_run(parent=chain[-1].id))
    take(ledger, stranger, *chain)
    ids = [run.id for run in [stranger, *chain]]
    assert ledger.read(flow_runs.within, ids, top.id).result() == {run.id for run in chain}
    below = {run.id for run in chain[3:]}
    assert ledger.read(flow_runs.within, ids, chain[3].id).result() == below
