"""Tasks on a Dask cluster: a real one, of one worker process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import distributed
import pytest

from headrace import flow, get_run_logger, task
from headrace.exceptions import ProcessDied, UnpicklableArgument
from headrace.task_runners import DaskTaskRunner
from headrace_dask import DaskTaskRunner as SameTaskRunner
from tests.run_kit import Book


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """A cluster for all tests here; starting one takes a second."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=":0", memory_limit=0
    ) as cluster:
        yield cluster


@task(log_prints=True)
def double(number: int) -> int:
    print("doubling", number)
    get_run_logger().info("in process %d", os.getpid())
    return 2 * number


@task
def nests(number: int) -> int:
    return double(number) + double.submit(number).result()


@task(retries=1)
def dies() -> None:
    os._exit(1)


@task
def fails() -> None:
    raise KeyError("missing")


def test_tasks_run_on_the_workers(book: Book, cluster: distributed.LocalCluster) -> None:
    @flow(task_runner=DaskTaskRunner(address=cluster.scheduler_address))
    def pipeline() -> list[int]:
        return [*double.map([1, 2]).result(), nests.submit(double.submit(3)).result()]

    assert pipeline() == [2, 4, 24]
    assert {run["state_name"] for run in book.task_runs()} == {"Completed"}
    assert len(book.task_runs()) == 6
    assert {run["flow_run_id"] for run in book.task_runs()} == {book.flow_runs()[0]["id"]}
    assert f"in process {os.getpid()}" not in book.messages()
    assert {"doubling 1", "doubling 2", "doubling 3", "doubling 6"} <= set(book.messages())


def test_what_goes_wrong_there_is_told_here(book: Book, cluster: distributed.LocalCluster) -> None:
    lock = cluster.loop

    @flow(task_runner=DaskTaskRunner(cluster=cluster))
    def pipeline() -> None:
        with pytest.raises(KeyError, match="missing"):
            fails.submit().result()
        with pytest.raises(UnpicklableArgument, match="argument 'number'"):
            double.submit(lock).result()

    pipeline()
    assert [run["state_name"] for run in book.task_runs()] == ["Failed", "Failed"]


def test_a_cluster_of_its_own_outlives_a_worker(book: Book) -> None:
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}

    @flow(task_runner=SameTaskRunner(cluster_kwargs=options))
    def pipeline() -> int:
        with pytest.raises(ProcessDied):
            dies.submit().result()
        return double.submit(4).result()

    assert pipeline() == 8
    states = {run["name"]: run["state_name"] for run in book.task_runs()}
    assert states == {"dies": "Crashed", "double": "Completed"}


def test_one_place_is_named() -> None:
    with pytest.raises(ValueError, match="together with"):
        DaskTaskRunner(address="tcp://127.0.0.1:1", cluster_kwargs={"n_workers": 1})
    assert DaskTaskRunner(address="a").duplicate() == DaskTaskRunner(address="a")


def test_a_cluster_that_cannot_be_used_is_closed_again() -> None:
    closed: list[str] = []

    class Unusable:
        def close(self) -> None:
            closed.append("cluster")

    with pytest.raises(TypeError, match="Scheduler address"):
        DaskTaskRunner(cluster_class=Unusable).start("pool")
    with pytest.raises(AttributeError, match="adapt"):
        DaskTaskRunner(cluster_class=Unusable, adapt_kwargs={"maximum": 2}).start("pool")
    assert closed == ["cluster", "cluster"]
