"""`submit` lets a task run in a thread; the future it returns stands for the result."""

from __future__ import annotations

import threading

from headrace import flow, task, unmapped
from headrace.futures import as_completed, wait
from headrace.task_runners import ThreadPoolTaskRunner
from tests.run_kit import Book


@task
def square(number: int) -> int:
    return number**2


@task
def total(numbers: list[int]) -> int:
    return sum(numbers)


def test_submitted_tasks_run_at_the_same_time(book: Book) -> None:
    meeting = threading.Barrier(4, timeout=30)

    @task
    def meet() -> int:
        return meeting.wait()

    @flow
    def pipeline() -> list[int]:
        futures = [meet.submit() for _ in range(4)]
        wait(futures)
        return [future.result() for future in futures]

    assert sorted(pipeline()) == [0, 1, 2, 3]


def test_futures_can_be_passed_to_other_tasks(book: Book) -> None:
    @flow
    def pipeline() -> int:
        return total.submit([square.submit(number) for number in range(4)]).result()

    assert pipeline() == 14
    assert book.inputs("total") == {"numbers": ["square", "square-1", "square-2", "square-3"]}


def test_map_submits_once_for_each_item(book: Book) -> None:
    @task
    def scale(number: int, factors: list[int]) -> int:
        return number * sum(factors)

    @flow
    def pipeline() -> list[int]:
        return scale.map([1, 2, 3], unmapped([10, 20])).result()

    assert pipeline() == [30, 60, 90]


def test_results_can_be_taken_as_they_come(book: Book) -> None:
    @flow
    def pipeline() -> set[int]:
        futures = [square.submit(number) for number in range(5)]
        return {future.result() for future in as_completed(futures)}

    assert pipeline() == {0, 1, 4, 9, 16}


def test_a_task_runner_limits_how_many_run_at_once(book: Book) -> None:
    running = 0
    most = 0

    @task
    def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def pipeline() -> None:
        for _ in range(20):
            count.submit()

    pipeline()
    assert most == 1
    # Nobody asked for the results, yet the flow waited for them.
    assert [run["state_name"] for run in book.task_runs()] == ["Completed"] * 20
