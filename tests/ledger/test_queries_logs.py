"""Pages of log lines."""

from __future__ import annotations

import uuid_utils.compat as uuids

from headrace.records import FlowRunCreated, LogLine, TaskRunCreated
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import logs
from headrace_service.ledger.queries.logs import LogRow, LogWhere
from headrace_service.ledger.queries.paging import Page, Slice
from tests.builders import EPOCH, Stream, flow_run, task_run


def line(owner: FlowRunCreated, text: str, task: TaskRunCreated | None = None) -> LogLine:
    """A line; its time and level are told by the number that its text ends with."""
    number = int(text.rpartition(" ")[2])
    level = 10 * (number % 5)
    return LogLine(EPOCH + number, level, "test", text, owner.id, task.id if task else None)


class Book:
    """A run with a task, a subflow run below it and one below that, and a stranger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.top = flow_run(name="top")
        self.middle = flow_run(name="middle", parent=self.top.id)
        self.bottom = flow_run(name="bottom", parent=self.middle.id)
        self.stranger = flow_run(name="stranger")
        self.task = task_run(self.top)
        runs = (self.top, self.middle, self.bottom, self.stranger)
        lines = [line(run, f"{run.name} {number}") for number in range(10) for run in runs]
        lines += [line(self.top, f"task {number}", self.task) for number in range(10)]
        ack = ledger.append(Stream().batch(*runs, self.task, *lines)).result()
        assert ack.refused == []

    def read(self, where: LogWhere, page: Page | None = None) -> list[str]:
        found = self.ledger.read(logs.page_of_logs, page or Page(200), where).result()
        return texts(found)


def texts(page: Slice[LogRow]) -> list[str]:
    return [row.message for row in page.rows]


def test_lines_come_in_the_order_in_which_they_were_taken(ledger: Ledger) -> None:
    book = Book(ledger)
    everything = book.read(LogWhere())
    assert len(everything) == 50
    assert everything[:5] == ["top 0", "middle 0", "bottom 0", "stranger 0", "top 1"]
    assert book.read(LogWhere(), Page(3, from_end=True)) == ["task 7", "task 8", "task 9"]


def test_lines_of_a_run_with_and_without_its_subflows(ledger: Ledger) -> None:
    book = Book(ledger)
    alone = book.read(LogWhere(flow_run_id=book.top.id))
    assert [text.split()[0] for text in alone] == ["top"] * 10 + ["task"] * 10
    below = book.read(LogWhere(flow_run_id=book.top.id, include_subflows=True))
    assert {text.split()[0] for text in below} == {"top", "middle", "bottom", "task"}
    assert len(below) == 40
    middle = book.read(LogWhere(flow_run_id=book.middle.id, include_subflows=True), Page(3))
    assert middle == ["middle 0", "bottom 0", "middle 1"]


def test_lines_of_a_task_run(ledger: Ledger) -> None:
    book = Book(ledger)
    expected = [f"task {number}" for number in range(10)]
    assert book.read(LogWhere(task_run_id=book.task.id)) == expected
    assert book.read(LogWhere(task_run_id=book.task.id, flow_run_id=book.top.id)) == expected
    assert book.read(LogWhere(task_run_id=book.task.id, flow_run_id=book.bottom.id)) == []
    assert book.read(LogWhere(task_run_id=uuids.uuid7())) == []


def test_lines_by_level_text_and_time(ledger: Ledger) -> None:
    book = Book(ledger)
    of_top = LogWhere(flow_run_id=book.bottom.id, min_level=40)
    assert book.read(of_top) == ["bottom 4", "bottom 9"]
    assert book.read(LogWhere(message_contains="TASK 3")) == ["task 3"]
    window = LogWhere(flow_run_id=book.middle.id, since=EPOCH + 2, until=EPOCH + 4)
    assert book.read(window) == ["middle 2", "middle 3"]


def test_the_pages_of_many_runs_are_those_of_each(ledger: Ledger) -> None:
    book = Book(ledger)
    runs = [book.stranger.id, book.top.id, book.middle.id, book.bottom.id]
    for page in (Page(4), Page(4, from_end=True), Page(4, after=17), Page(200)):
        for below in (False, True):
            where = LogWhere(include_subflows=below)
            together = ledger.read(logs.logs_of_flow_runs, runs, page, where).result()
            for run, found in zip(runs, together, strict=True):
                one = LogWhere(flow_run_id=run, include_subflows=below)
                assert found == ledger.read(logs.page_of_logs, page, one).result()


def test_the_lines_of_many_task_runs(ledger: Ledger) -> None:
    book = Book(ledger)
    unknown = uuids.uuid7()
    first, second = ledger.read(
        logs.logs_of_task_runs, [unknown, book.task.id], Page(2, from_end=True), LogWhere()
    ).result()
    assert texts(first) == []
    assert (texts(second), second.has_previous) == (["task 8", "task 9"], True)
