"""The clients with the methods that Prefect's users know: embedded and over HTTP, both kinds."""

from __future__ import annotations

import asyncio
import datetime
import inspect
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from headrace import exceptions, flow, get_client, get_run_logger, task
from headrace.client import AsyncClient, Client, work
from headrace.client.orchestration import HeadraceClient, SyncHeadraceClient, deployments
from headrace.client.schemas.actions import (
    ArtifactCreate,
    ArtifactUpdate,
    DeploymentScheduleCreate,
    DeploymentUpdate,
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
    LogCreate,
    VariableCreate,
    VariableUpdate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from headrace.client.schemas.filters import (
    ArtifactFilter,
    DeploymentFilter,
    FlowFilter,
    FlowRunFilter,
    LogFilter,
    TaskRunFilter,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkPoolFilterType,
)
from headrace.client.schemas.objects import FlowRun, TaskRunResult, Variable, WorkPoolStatus
from headrace.client.schemas.responses import SetStateStatus
from headrace.client.schemas.schedules import CronSchedule, IntervalSchedule
from headrace.client.schemas.sorting import (
    ArtifactSort,
    FlowRunSort,
    FlowSort,
    LogSort,
    TaskRunSort,
)
from headrace.context import FlowRunContext
from headrace.exceptions import (
    ObjectAlreadyExists,
    ObjectNotFound,
    ServiceUnreachable,
)
from headrace.recorder import shutdown
from headrace.settings import get_settings
from headrace.states import Cancelled, Completed, Pending, Running, Scheduled
from headrace_service.server import start_in_thread
from tests.run_kit import Book


@pytest.fixture(params=["embedded", "http"], autouse=True)
def place(
    request: pytest.FixtureRequest, book: Book, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A home of the test's own, without a service or with one."""
    if request.param == "embedded":
        yield
    else:
        with start_in_thread(book.path) as service:
            monkeypatch.setenv("HEADRACE_API_URL", service.url)
            get_settings.cache_clear()
            yield
            shutdown()


@pytest.fixture
def client() -> Iterator[SyncHeadraceClient]:
    with get_client(sync_client=True) as made:
        yield made


@task(tags=["unit"])
def double(n: int) -> int:
    get_run_logger().warning("doubling %d", n)
    return n * 2


@flow(name="even", flow_run_name="even-{n}")
def even(n: int) -> int:
    if n % 2:
        raise ValueError("odd")
    return double(double(n))


@pytest.fixture
def runs(place: None) -> None:
    for n in (2, 1, 4):
        even(n, return_state=True)


def test_runs_are_found_by_what_is_known_of_them(runs: None, client: SyncHeadraceClient) -> None:
    def names(sort: FlowRunSort = FlowRunSort.NAME_ASC, **wanted: Any) -> list[str]:
        where = FlowRunFilter(**wanted) if wanted else None
        found = client.read_flow_runs(flow_run_filter=where, sort=sort)
        assert client.count_flow_runs(flow_run_filter=where) == len(found)
        return [run.name for run in found]

    assert names() == ["even-1", "even-2", "even-4"]
    assert names(FlowRunSort.START_TIME_ASC) == ["even-2", "even-1", "even-4"]
    assert names(FlowRunSort.EXPECTED_START_TIME_DESC) == ["even-4", "even-1", "even-2"]
    assert names(state={"type": {"any_": ["FAILED"]}}) == ["even-1"]
    assert names(state={"name": {"not_any_": ["Failed"]}}) == ["even-2", "even-4"]
    assert names(name={"like_": "4"}) == ["even-4"]
    assert names(name={"any_": ["even-1", "nobody"]}) == ["even-1"]
    assert names(tags={"is_null_": False}) == []
    assert names(deployment_id={"is_null_": True}) == ["even-1", "even-2", "even-4"]
    assert names(parent_task_run_id={"is_null_": False}) == []
    (one,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name={"any_": ["even-2"]}))  # type: ignore[arg-type]
    assert names(id={"not_any_": [one.id]}) == ["even-1", "even-4"]
    assert names(start_time={"before_": one.start_time}) == ["even-2"]
    assert names(end_time={"is_null_": True}) == []


def test_a_run_as_an_object(runs: None, client: SyncHeadraceClient) -> None:
    wanted = FlowFilter(name={"any_": ["even"]})  # type: ignore[arg-type]
    found = client.read_flow_runs(flow_filter=wanted, sort=FlowRunSort.NAME_ASC, limit=1, offset=1)
    (run,) = found
    assert (run.name, run.parameters, run.run_count) == ("even-2", {"n": 2}, 1)
    assert (str(run.state), str(run.state_type), run.state_name) == (
        "Completed()",
        "StateType.COMPLETED",
        "Completed",
    )
    assert run.start_time is not None
    assert run.end_time is not None
    assert run.total_run_time == run.end_time - run.start_time
    assert run.state is not None
    assert run.state.state_details.flow_run_id == run.id
    assert client.read_flow_run(run.id) == run
    assert client.read_flow(run.flow_id).name == "even"
    assert client.read_flow_by_name("even").id == run.flow_id
    names = [state.name for state in client.read_flow_run_states(run.id)]
    assert names == ["Pending", "Running", "Completed"]


def test_task_runs(runs: None, client: SyncHeadraceClient) -> None:
    owner = FlowRunFilter(name={"any_": ["even-4"]})  # type: ignore[arg-type]
    found = client.read_task_runs(flow_run_filter=owner, sort=TaskRunSort.EXPECTED_START_TIME_ASC)
    first, second = found
    assert (first.task_key, first.tags, first.state_name) == ("double", ["unit"], "Completed")
    assert second.name != first.name
    assert client.read_task_run(first.id) == first
    assert [state.name for state in client.read_task_run_states(first.id)][-1] == "Completed"
    assert first.state is not None
    assert first.state.message == ""
    of_id = TaskRunFilter(id={"any_": [first.id]})  # type: ignore[arg-type]
    assert client.read_task_runs(task_run_filter=of_id) == [first]
    (run,) = client.read_flow_runs(task_run_filter=of_id)
    assert run.name == "even-4"
    assert len(client.read_task_runs(flow_filter=FlowFilter(name={"like_": "EVE"}))) == 4  # type: ignore[arg-type]


def test_log_lines(runs: None, client: SyncHeadraceClient) -> None:
    (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name={"any_": ["even-4"]}))  # type: ignore[arg-type]
    where = LogFilter(flow_run_id={"any_": [run.id]}, level={"ge_": 30})  # type: ignore[arg-type]
    assert [line.message for line in client.read_logs(where)] == ["doubling 4", "doubling 8"]
    newest = client.read_logs(where, limit=1, sort=LogSort.TIMESTAMP_DESC)
    assert [line.message for line in newest] == ["doubling 8"]
    assert [line.message for line in client.read_logs(where, offset=1)] == ["doubling 8"]
    text = LogFilter(text={"query": "doubling 2"})  # type: ignore[arg-type]
    (line,) = client.read_logs(text)
    assert (line.level, line.name) == (30, "headrace.task_runs")
    of_task = LogFilter(task_run_id={"any_": [line.task_run_id]}, level={"le_": 20})  # type: ignore[arg-type]
    assert all(one.level <= 20 for one in client.read_logs(of_task))
    loose = LogFilter(flow_run_id={"any_": [run.id]}, task_run_id={"is_null_": True})  # type: ignore[arg-type]
    assert all(one.task_run_id is None for one in client.read_logs(loose))


def test_flows_in_order(runs: None, client: SyncHeadraceClient) -> None:
    @flow(name="another")
    def another() -> None: ...

    another()
    names = [one.name for one in client.read_flows()]
    assert names == ["another", "even"]
    newest = client.read_flows(sort=FlowSort.CREATED_DESC, limit=1)
    assert [one.name for one in newest] == ["another"]
    like = FlowFilter(name={"like_": "EV"})  # type: ignore[arg-type]
    assert [one.name for one in client.read_flows(flow_filter=like)] == ["even"]


def test_a_run_by_hand_is_due_at_a_time(client: SyncHeadraceClient) -> None:
    due = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)
    run = client.create_flow_run(even, parameters={"n": 1}, state=Scheduled(scheduled_time=due))
    assert client.read_flow_run(run.id).next_scheduled_start_time == due


def test_a_run_is_carried_out_by_hand(client: SyncHeadraceClient) -> None:
    run = client.create_flow_run(even, parameters={"n": 6}, name="by-hand", tags=["b", "a"])
    assert (run.name, run.parameters, run.tags) == ("by-hand", {"n": 6}, ["a", "b"])
    assert run.state is not None
    assert run.state.is_pending()
    assert client.set_flow_run_state(run.id, Scheduled()).status is SetStateStatus.ACCEPT
    assert client.set_flow_run_state(run.id, Pending()).status is SetStateStatus.ACCEPT
    late = client.set_flow_run_state(run.id, Pending())
    assert late.status is SetStateStatus.ABORT
    assert "in a PENDING state and cannot transition to a PENDING state" in str(late.details)
    client.set_flow_run_state(run.id, Running())
    done = client.set_flow_run_state(run.id, Completed(message="at last"))
    assert str(done.state) == "Completed('at last')"
    refused = client.set_flow_run_state(run.id, Running())
    assert refused.status is SetStateStatus.REJECT
    assert str(refused.state) == "Completed('at last')"
    assert "final" in str(refused.details)
    forced = client.set_flow_run_state(run.id, Cancelled(), force=True)
    assert forced.status is SetStateStatus.ACCEPT
    assert client.update_flow_run(run.id, name="renamed", tags=["c"]).status_code == 204
    renamed = client.read_flow_run(run.id)
    assert (renamed.name, renamed.tags, renamed.state_name) == ("renamed", ["c"], "Cancelled")
    client.delete_flow_run(run.id)
    with pytest.raises(ObjectNotFound):
        client.read_flow_run(run.id)


def test_a_task_run_is_carried_out_by_hand(client: SyncHeadraceClient) -> None:
    parent = client.create_flow_run(even, parameters={"n": 6})
    first = client.create_task_run(double, parent.id, "0")
    assert (str(first.state), first.flow_run_id, first.tags) == ("Pending()", parent.id, ["unit"])
    inputs = {"n": [TaskRunResult(id=first.id)]}
    second = client.create_task_run(
        double, parent.id, "1", name="second", extra_tags=["b"], state=Running(), task_inputs=inputs
    )
    assert (second.name, second.tags, second.task_inputs) == ("second", ["b", "unit"], inputs)
    assert (second.task_key, second.dynamic_key) == (double.task_key, "1")
    for run in (first, second):
        assert client.set_task_run_state(run.id, Running()).status is SetStateStatus.ACCEPT
        assert client.set_task_run_state(run.id, Completed()).status is SetStateStatus.ACCEPT
        assert client.read_task_run(run.id).state_name == "Completed"
    with pytest.raises(ObjectAlreadyExists):
        client.create_task_run(double, None, "0", id=first.id, name="other")
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    line = LogCreate(name="mine", level=20, message="by hand", timestamp=at, task_run_id=first.id)
    client.create_logs([line, {**line.model_dump(), "message": "again"}])
    lines = client.read_logs(LogFilter(task_run_id={"any_": [first.id]}))  # type: ignore[arg-type]
    assert [(line.message, line.name, line.timestamp) for line in lines] == [
        ("by hand", "mine", at),
        ("again", "mine", at),
    ]


def test_a_flow_goes_with_its_runs_and_deployments(runs: None, client: SyncHeadraceClient) -> None:
    key = client.read_flow_by_name("even").id
    client.create_deployment(key, "d", entrypoint="even.py:even")
    (run, *_) = client.read_flow_runs()
    client.delete_flow(key)
    assert (client.read_flows(), client.read_deployments()) == ([], [])
    for gone in (lambda: client.read_flow_run(run.id), lambda: client.delete_flow(key)):
        with pytest.raises(ObjectNotFound):
            gone()
    even(2)
    assert client.read_flow_by_name("even").id != key


def test_what_is_not_there_is_told(client: SyncHeadraceClient) -> None:
    nobody = uuid4()
    for call in (
        lambda: client.read_flow_run(nobody),
        lambda: client.read_task_run(nobody),
        lambda: client.delete_flow_run(nobody),
        lambda: client.update_flow_run(nobody, name="x"),
        lambda: client.set_flow_run_state(nobody, Completed()),
        lambda: client.set_task_run_state(nobody, Completed()),
        lambda: client.read_deployment(nobody),
        lambda: client.read_deployment_by_name("a/b"),
        lambda: client.read_block_document(nobody),
        lambda: client.read_global_concurrency_limit_by_name("x"),
    ):
        with pytest.raises(ObjectNotFound):
            call()
    kind: Any = exceptions.HeadraceHTTPStatusError
    with pytest.raises(kind) as told:
        client.read_flow(nobody)
    assert told.value.response.status_code == 404
    with pytest.raises(kind):
        client.read_flow_by_name("x")


def test_variables(client: SyncHeadraceClient) -> None:
    made = client.create_variable(VariableCreate(name="x", value=1, tags=["t"]))
    assert made == Variable(name="x", value=1, tags=["t"])
    with pytest.raises(ObjectAlreadyExists):
        client.create_variable(VariableCreate(name="x", value=2))
    client.update_variable(VariableUpdate(name="x", value=3))
    found = client.read_variable_by_name("x")
    assert found is not None
    assert (found.value, found.tags) == (3, ["t"])
    assert [one.name for one in client.read_variables()] == ["x"]
    client.delete_variable_by_name("x")
    assert client.read_variable_by_name("x") is None
    with pytest.raises(ObjectNotFound):
        client.delete_variable_by_name("x")


def test_artifacts(client: SyncHeadraceClient) -> None:
    for number in range(3):
        client.create_artifact(ArtifactCreate(key="b", type="markdown", data=str(number)))
    other = client.create_artifact(ArtifactCreate(key="a", type="table", data="[]"))
    client.update_artifact(other.id, ArtifactUpdate(description="empty"))
    of_key = ArtifactFilter(key={"any_": ["b"]})  # type: ignore[arg-type]
    assert [one.data for one in client.read_artifacts(artifact_filter=of_key)] == ["2", "1", "0"]
    latest = client.read_latest_artifacts(sort=ArtifactSort.KEY_ASC)
    assert [(one.key, one.data) for one in latest] == [("a", "[]"), ("b", "2")]
    (newest,) = client.read_artifacts(sort=ArtifactSort.UPDATED_DESC, limit=1)
    assert (newest.id, newest.description) == (other.id, "empty")
    client.delete_artifact(other.id)
    assert len(client.read_artifacts()) == 3


def test_concurrency_limits(client: SyncHeadraceClient) -> None:
    made = client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="db", limit=3))
    assert isinstance(made, UUID)
    with pytest.raises(ObjectAlreadyExists):
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="db", limit=1))
    client.update_global_concurrency_limit("db", GlobalConcurrencyLimitUpdate(limit=7))
    client.upsert_global_concurrency_limit_by_name("api", 2)
    client.upsert_global_concurrency_limit_by_name("api", 4)
    limits = client.read_global_concurrency_limits()
    assert sorted((one.name, one.limit, one.active_slots) for one in limits) == [
        ("api", 4, 0),
        ("db", 7, 0),
    ]
    client.delete_global_concurrency_limit_by_name("db")
    with pytest.raises(ObjectNotFound):
        client.delete_global_concurrency_limit_by_name("db")


def test_work_pools(client: SyncHeadraceClient) -> None:
    new = WorkPoolCreate(name="pool", type="process", concurrency_limit=2)
    made = client.create_work_pool(new)
    assert (made.name, made.type, made.concurrency_limit, made.is_paused) == (
        "pool",
        "process",
        2,
        False,
    )
    with pytest.raises(ObjectAlreadyExists):
        client.create_work_pool(new)
    assert client.read_work_pool("pool") == made
    assert [one.name for one in client.read_work_pools()] == ["pool"]
    client.delete_work_pool("pool")
    with pytest.raises(ObjectNotFound):
        client.read_work_pool("pool")


def test_work_pools_are_changed_and_have_queues(client: SyncHeadraceClient) -> None:
    client.create_work_pool(WorkPoolCreate(name="mill", description="grinds", concurrency_limit=2))
    client.update_work_pool("mill", WorkPoolUpdate(description="rests", is_paused=True))
    pool = client.read_work_pool("mill")
    assert (pool.description, pool.status, pool.concurrency_limit) == (
        "rests",
        WorkPoolStatus.PAUSED,
        2,
    )
    queue = client.create_work_queue("urgent", concurrency_limit=1, work_pool_name="mill")
    assert (queue.priority, queue.concurrency_limit, queue.is_paused) == (2, 1, False)
    with pytest.raises(ObjectAlreadyExists):
        client.create_work_queue("urgent", work_pool_name="mill")
    client.update_work_queue(queue.id, priority=1, is_paused=True)
    changed = client.read_work_queue_by_name("urgent", "mill")
    assert (changed.id, changed.priority, changed.is_paused) == (queue.id, 1, True)
    assert {one.name for one in client.read_work_queues()} == {"default", "urgent"}
    assert [one.name for one in client.match_work_queues(["urg", "x"], "mill")] == ["urgent"]
    flow_id = client.create_flow_from_name("grind")
    deployment_id = client.create_deployment(flow_id, "daily", work_pool_name="mill")
    kind: Any = exceptions.HeadraceHTTPStatusError
    with pytest.raises(kind, match="'mill'; delete them first") as refused:
        client.delete_work_pool("mill")
    assert refused.value.response.status_code == 409
    client.delete_deployment(deployment_id)
    assert client.read_workers_for_work_pool("mill") == []
    named = WorkPoolFilter(name=WorkPoolFilterName(any_=["mill", "other"]))
    assert [one.name for one in client.read_work_pools(work_pool_filter=named)] == ["mill"]
    docker = WorkPoolFilter(type=WorkPoolFilterType(any_=["docker"]))
    assert client.read_work_pools(work_pool_filter=docker) == []
    with pytest.raises(ObjectNotFound):
        client.read_workers_for_work_pool("none")
    with pytest.raises(TypeError, match="color"):
        client.update_work_queue(queue.id, color="red")


def test_the_limit_of_a_tag(client: SyncHeadraceClient) -> None:
    made = client.create_concurrency_limit(tag="unit", concurrency_limit=3)
    assert client.create_concurrency_limit(tag="unit", concurrency_limit=1) == made
    holders = []

    @task(tags=["unit"])
    def hold() -> None:
        holders.extend(client.read_concurrency_limit_by_tag("unit").active_slots)

    assert hold(return_state=True).state_details.task_run_id in holders
    (limit,) = client.read_concurrency_limits(limit=10, offset=0)
    assert (limit.tag, limit.concurrency_limit, limit.active_slots) == ("unit", 1, [])
    client.reset_concurrency_limit_by_tag("unit")
    client.delete_concurrency_limit_by_tag("unit")
    with pytest.raises(ObjectNotFound):
        client.read_concurrency_limit_by_tag("unit")


def test_a_deployment_is_made_by_hand(client: SyncHeadraceClient) -> None:
    flow_id = client.create_flow(even)
    assert client.create_flow_from_name("even") == flow_id == client.read_flow(flow_id).id
    hourly = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 * * * *"), slug="hourly")
    made = client.create_deployment(
        flow_id, "nightly", entrypoint="even.py:even", parameters={"n": 2}, schedules=[hourly]
    )
    client.update_deployment(made, DeploymentUpdate(description="by night", tags=["dark"]))
    deployment = client.read_deployment(made)
    assert (deployment.flow_id, deployment.parameters, deployment.description, deployment.tags) == (
        flow_id,
        {"n": 2},
        "by night",
        ["dark"],
    )
    assert [one.slug for one in deployment.schedules] == ["hourly"]
    with pytest.raises(ValueError, match="Invalid deployment name format: even"):
        client.read_deployment_by_name("even")
    with pytest.raises(ObjectNotFound):
        client.create_deployment(uuid4(), "of nothing")


def test_what_an_update_of_a_deployment_does_not_name_stays(client: SyncHeadraceClient) -> None:
    client.create_work_pool(WorkPoolCreate(name="mill"))
    whole = work.input_of(
        flow_name="even",
        name="nightly",
        description="by day",
        version="3",
        entrypoint="even.py:even",
        folder="/srv/flows",
        enforce_schema=False,
        concurrency_limit=2,
        collision_strategy="CANCEL_NEW",
        limits=["unit"],
        key="{n}",
        singleton=True,
        debounce_seconds=5.0,
        retries=3,
        retry_delays_seconds=[1.0, 9.0],
        tags=["dark"],
        parameters={"n": 2},
        parameter_schema={"type": "object"},
        job_variables={"env": {"A": "1"}},
        work_pool_name="mill",
        work_queue_name="urgent",
    )
    made = UUID(client.perform(work.apply_deployment(whole))["id"])
    before = client.perform(work.deployment(made))
    updating = deployments.update_deployment(made, DeploymentUpdate(description="by night"))
    found = client.perform(next(updating))
    client.perform(work.apply_deployment({**whole, "version": "4"}))  # somebody else, meanwhile
    with pytest.raises(exceptions.ServiceError) as refused:
        client.perform(updating.send(found))
    found = client.perform(updating.throw(ObjectAlreadyExists(refused.value)))
    with pytest.raises(StopIteration):
        updating.send(client.perform(updating.send(found)))
    after = client.perform(work.deployment(made))
    assert before is not None
    assert after is not None
    different = {name for name in before if before[name] != after[name]}
    assert different == {"description", "version", "revision", "updatedAt"}
    assert (after["description"], after["version"]) == ("by night", "4")


def test_a_run_tells_where_it_waits(client: SyncHeadraceClient) -> None:
    client.create_work_pool(WorkPoolCreate(name="mill"))
    made = client.create_deployment(
        client.create_flow(even),
        "nightly",
        entrypoint="even.py:even",
        work_pool_name="mill",
        parameter_openapi_schema={"properties": {"n": {"type": "integer"}}},
    )
    run = client.create_flow_run_from_deployment(made, parameters={"n": 2})
    assert (run.work_pool_name, run.work_queue_name) == ("mill", "default")
    refused: Any = exceptions.HeadraceHTTPStatusError
    with pytest.raises(refused):
        client.create_flow_run_from_deployment(made, parameters={"n": "many"})


def test_schedules_of_a_deployment(client: SyncHeadraceClient) -> None:
    made = client.create_deployment(client.create_flow(even), "nightly", entrypoint="even.py:even")
    each_hour = IntervalSchedule(interval=datetime.timedelta(hours=1))
    (added,) = client.create_deployment_schedules(made, [(each_hour, False)])
    assert isinstance(added.schedule, IntervalSchedule)
    assert (added.schedule.interval, added.active) == (datetime.timedelta(hours=1), False)
    daily = CronSchedule(cron="0 8 * * *", timezone="Europe/Berlin")
    client.update_deployment_schedule(made, added.id, active=True, schedule=daily)
    (changed,) = client.read_deployment_schedules(made)
    assert (changed.id, changed.schedule, changed.active) == (added.id, daily, True)
    client.set_deployment_paused_state(made, True)
    assert client.read_deployment(made).paused
    client.delete_deployment_schedule(made, added.id)
    assert client.read_deployment_schedules(made) == []
    with pytest.raises(ObjectNotFound):
        client.update_deployment_schedule(made, added.id, active=False)


def test_health(client: SyncHeadraceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    hello = client.hello()
    assert (hello.status_code, hello.json()) == (200, "👋")
    assert client.api_healthcheck() is None
    with SyncHeadraceClient("http://127.0.0.1:1") as nobody:
        assert isinstance(nobody.api_healthcheck(), ServiceUnreachable)


def test_deployments_are_listed(client: SyncHeadraceClient) -> None:
    assert client.read_deployments(deployment_filter=DeploymentFilter(tags={"all_": ["x"]})) == []  # type: ignore[arg-type]


async def test_the_asynchronous_client(runs: None) -> None:
    async with get_client() as client:
        assert isinstance(client, HeadraceClient | AsyncClient)
        found = await client.read_flow_runs(sort=FlowRunSort.NAME_ASC, limit=2)
        assert [run.name for run in found] == ["even-1", "even-2"]
        page = await client.flow_runs(first=1)
        assert len(page["nodes"]) == 1
        with pytest.raises(ObjectNotFound):
            await client.read_flow_run(uuid4())


def test_a_flow_reads_what_it_has_done_itself() -> None:
    @flow
    async def reads() -> tuple[str, str, int]:
        state = await asyncio.to_thread(double, 3)
        assert state == 6
        async with get_client() as client:
            here = FlowRunContext.get()
            assert here is not None
            run: FlowRun = await client.read_flow_run(here.flow_run.id)
            tasks = await client.read_task_runs()
            assert run.state_name is not None
            return run.name, run.state_name, len(tasks)

    name, state, tasks = asyncio.run(reads())
    assert name
    assert (state, tasks) == ("Running", 1)


def test_one_kind_of_client_is_not_the_other() -> None:
    with pytest.raises(RuntimeError, match="must be entered with an async context"), get_client():
        pass


def test_both_clients_have_the_same_methods() -> None:
    def own(kind: type, base: type) -> dict[str, Any]:
        return {
            name: inspect.signature(value)
            for name, value in vars(kind).items()
            if callable(value) and not name.startswith("__")
        }

    assert own(HeadraceClient, AsyncClient) == own(SyncHeadraceClient, Client)


def test_times_may_be_in_any_zone(runs: None, client: SyncHeadraceClient) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5))
    later = datetime.datetime.now(zone) + datetime.timedelta(hours=1)
    where = FlowRunFilter(start_time={"after_": later})  # type: ignore[arg-type]
    assert client.read_flow_runs(flow_run_filter=where) == []
    where = FlowRunFilter(start_time={"before_": later})  # type: ignore[arg-type]
    assert client.count_flow_runs(flow_run_filter=where) == 3
