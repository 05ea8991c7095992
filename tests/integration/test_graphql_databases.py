"""Every list, filter, order and count that the schema offers says the same on both databases.

One ledger is made in a SQLite file and copied, row by row, into PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import uuid_utils.compat as uuids
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type

from headrace.records import FlowRunCreated, TaskRunCreated, now_micros
from headrace_service.api.schema import schema
from headrace_service.ledger import Ledger
from headrace_service.ledger.artifacts import NewArtifact, create_artifact
from headrace_service.ledger.automations import NewAutomation, create_automation
from headrace_service.ledger.blocks import NewBlockType, save_block
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import (
    DeploymentInput,
    apply_deployment,
    set_deployment_paused,
)
from headrace_service.ledger.flow_run_inputs import create_input
from headrace_service.ledger.limits import LimitValues, create_limit
from headrace_service.ledger.models import TABLES
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.tokens import Scope, create_token, new_secret
from headrace_service.ledger.variables import set_variable
from headrace_service.ledger.work_pools import (
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    keep_worker,
    set_pool_paused,
)
from headrace_service.schedules import ScheduleSpec
from tests.builders import EPOCH, custom_event, enters, flow_run, iso, log_line, state, task_run
from tests.integration.graphql_kit import ask, take
from tests.postgres import Server

SECOND = 1_000_000
DAY = 86_400 * SECOND
#: Fields of one name, and aliases, that an operation may have, are few.
AT_ONCE = 15
#: Arguments of lists that say which page, and not which rows.
PAGING = {"first", "last", "after", "before", "limit", "offset", "countUpTo"}
#: Lists that `test_what_hangs_on_runs_and_the_rest_is_alike` asks for.
OTHERS = {"apiTokens", "flowRunInputs"}


@dataclass(frozen=True)
class Twins:
    """The same ledger on both databases, and for the name of each filter some values of it."""

    ledgers: tuple[Ledger, Ledger]
    samples: dict[str, list[Any]]

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What both answer."""
        file, postgres = [await ask(ledger, query, **variables) for ledger in self.ledgers]
        assert file == postgres
        return file


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[Twins]:
    file = Ledger.open(tmp_path_factory.mktemp("databases") / "ledger.db")
    samples = filled(file)
    other = Ledger.open(postgres.create())
    copy_rows(file, other)
    yield Twins((file, other), samples)
    file.close()
    other.close()


def copy_rows(source: Ledger, target: Ledger) -> None:
    """Let another ledger, which is empty, have the same rows."""

    def read(db: Any) -> list[tuple[Any, list[Any]]]:
        return [(table, list(table.select().dicts().execute(db))) for table in TABLES]

    def write(db: Any, tables: list[tuple[Any, list[Any]]]) -> None:
        for table, rows in tables:
            if rows:
                table.insert_many(rows).execute(db)

    target.write(write, source.read(read).result()).result()


def filled(ledger: Ledger) -> dict[str, list[Any]]:
    """Make something of everything; by the names of filters, values that find some of it."""
    ids = _define(ledger)
    runs, tasks = _run(ledger, ids)
    artifacts = [
        NewArtifact(1, "report", "markdown", flow_run_id=runs[0].id, task_run_id=tasks[0].id),
        NewArtifact(2, "report", "table"),
        NewArtifact([3], "sizes"),
    ]
    made = [str(ledger.write(create_artifact, each).result().id) for each in artifacts]
    first, second = (str(run.id) for run in runs[:2])
    return {
        "active": [True, False],
        "anyTags": [["night"], ["night", "ä"], []],
        "deployed": [True, False],
        "deploymentId": [ids["deployment"]],
        "deploymentIds": [[ids["deployment"]], []],
        "dueAfter": [iso()],
        "dueBefore": [iso(EPOCH + 2 * SECOND)],
        "ended": [True, False],
        "endedAfter": [iso(EPOCH + SECOND)],
        "endedBefore": [iso(EPOCH + DAY)],
        "flowIds": [[ids["flow"]]],
        "flowName": ["etl"],
        "flowNameContains": ["T"],
        "flowNames": [["etl"], ["etl", "ml"], []],
        "flowRunId": [first],
        "flowRunIds": [[first, second], []],
        "flowRuns": [{"names": ["b"]}],
        "flowVersions": [["2"]],
        "idempotencyKeys": [["once"]],
        "ids": [[first, str(tasks[0].id), made[0]], []],
        "inPool": [True, False],
        "includeSubflows": [True, False],
        "isSubflow": [True, False],
        "keyContains": ["REP", "e"],
        "keys": [["report"]],
        "latestOnly": [True, False],
        "maxDurationSeconds": [5.0],
        "messageContains": ["HELLO", "100%", "a_b", "\\"],
        "minDurationSeconds": [5.0],
        "minLevel": [30],
        "name": ["on-fail", "order.shipped"],
        "nameContains": ["a", "B", "0%", "_", "\\", "ä", "Ä", "me", "eir"],
        "names": [["b", "daily", "load"], []],
        "notIds": [[first]],
        "notStateNames": [["Cached"]],
        "notStates": [["RUNNING", "SCHEDULED"]],
        "online": [True, False],
        "ownerResource": ["headrace.deployment.x"],
        "parentFlowRunId": [first],
        "parentFlowRunIds": [[first, second]],
        "parentTaskRunIds": [[str(tasks[0].id)]],
        "paused": [True, False],
        "since": [iso()],
        "started": [True, False],
        "startedAfter": [iso(EPOCH - DAY)],
        "startedBefore": [iso(EPOCH + DAY)[:-1] + "+01:00"],
        "stateNames": [["Cached", "Running", "Completed"]],
        "states": [["COMPLETED"], ["COMPLETED", "RUNNING", "FAILED"], []],
        "tags": [["night"], ["night", "ä"]],
        "taskName": ["load"],
        "taskRunId": [str(tasks[0].id)],
        "taskRunIds": [[str(tasks[0].id)]],
        "topLevelOnly": [True, False],
        "types": [["markdown"], ["docker"]],
        "typeSlug": ["login"],
        "until": [iso(EPOCH + DAY)],
        "untagged": [True, False],
        "withAnonymous": [True, False],
        "workPoolNames": [["mill"]],
        "workQueueNames": [["fast"]],
    }


def _define(ledger: Ledger) -> dict[str, str]:
    """Deployments, pools and all else that is not run; the ids of some of it."""
    for new in (NewWorkPool("mill"), NewWorkPool("weir", type="docker")):
        ledger.write(create_work_pool, new).result()
    ledger.write(set_pool_paused, "weir", True).result()
    for name, pool, seconds in (("a-1", "mill", 600), ("b_2", "weir", 1e-6), ("c", None, 600)):
        call = WorkerCall(uuids.uuid7(), name, pool, "host", 1, seconds)
        ledger.write(keep_worker, call).result()
    hourly = ScheduleInput(ScheduleSpec(interval=3600 * SECOND))
    resting = ScheduleInput(ScheduleSpec(cron="0 6 * * *"), active=False)
    plans = (
        DeploymentInput("etl", "daily", tags=["night", "ä"], schedules=[hourly, resting]),
        DeploymentInput("ml", "äpfel", work_pool="mill", work_queue="fast", schedules=[resting]),
    )
    rows = [ledger.write(apply_deployment, plan).result() for plan in plans]
    ledger.write(set_deployment_paused, "etl/daily", True).result()
    for name, tags in (("a", ["night"]), ("b_1", ["night", "ä"]), ("c-2", [])):
        ledger.write(set_variable, name, 1, tags, False).result()
    kind = NewBlockType("login", "Login", None, {})
    for named in ("me", None):
        ledger.write(save_block, kind, named, {}, False).result()
    for limit, active in (("a", True), ("b", False)):
        values = LimitValues(slots=1, active=active)
        ledger.write(create_limit, limit, values, now_micros()).result()
    fails = {"type": "event", "expect": ["headrace.flow-run.Failed"]}
    for owner in (None, "headrace.deployment.x"):
        wanted = NewAutomation("on-fail", fails, [{"type": "cancel-flow-run"}], owner=owner)
        ledger.write(create_automation, wanted).result()
    ledger.write(create_token, "ci", Scope.READ, new_secret()).result()
    return {"deployment": str(rows[0].id), "flow": str(rows[0].flow_id)}


def _run(ledger: Ledger, ids: dict[str, str]) -> tuple[list[FlowRunCreated], list[TaskRunCreated]]:
    """Runs of flows and tasks, with log lines and events."""
    started = state("RUNNING")
    first = FlowRunCreated(uuids.uuid7(), "etl", "a_100%", started, "2", tags=["night", "ä"])
    tasks = [task_run(first), task_run(first, "äB\\"), task_run(None, "load")]
    nested = FlowRunCreated(
        uuids.uuid7(), "sub", "b", started,
        parent_flow_run_id=first.id, parent_task_run_id=tasks[0].id, tags=["night"],
    )  # fmt: skip
    third = flow_run("ml", "B\\")
    runs = [first, nested, third]
    tagged = TaskRunCreated(
        uuids.uuid7(), "load", "fast", state("PENDING"), first.id, tags=["night", "ä"]
    )
    take(ledger, *runs, *tasks, tagged, task_run(nested, "load"))
    done = state("COMPLETED", "Cached", at=EPOCH + 2 * SECOND)
    late = state("COMPLETED", at=EPOCH + 60 * SECOND)
    take(ledger, enters(tasks[0], done), enters(tasks[1], late), enters(tasks[2], done))
    take(ledger, enters(nested, done), enters(first, late))
    lines = [log_line(first, "hello"), log_line(nested, "100% a_b \\", 40), log_line(None, "x")]
    of_task = msgspec.structs.replace(log_line(first, "x"), task_run_id=tasks[0].id)
    take(ledger, *lines, of_task, custom_event(first), custom_event(None, "b"))
    for key in ("a%-1", "ab"):
        ledger.write(create_input, first.id, key, "1", None, False).result()
    for wanted in (
        RunRequest(ids["deployment"], name="due", idempotency_key="once"),
        RunRequest("ml/äpfel", name="fast", scheduled_time=now_micros() + 3600 * SECOND),
    ):
        ledger.write(create_run, wanted).result()
    return runs, tasks


# -- the tests -------------------------------------------------------------------------------------


def listed() -> dict[str, GraphQLField]:
    """The root fields that are lists or counts, and take something that narrows them."""
    query = schema._schema.query_type
    assert query is not None
    return {
        name: field
        for name, field in query.fields.items()
        if ("[" in str(field.type) or "Connection" in str(field.type) or "count" in name)
        and field.args.keys() - PAGING
        and name not in OTHERS
    }


def selection(field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    if not isinstance(kind, GraphQLObjectType):
        return ""
    if "edges" in kind.fields:
        return "{ edges { cursor } }"
    return "{ type count }" if "count" in kind.fields else KEYS.get(kind.name, "{ id }")


KEYS = {"UpcomingRun": "{ due flowRunId scheduleId }"}


def narrowings(field: GraphQLField) -> Iterator[tuple[str, str, str]]:
    """What narrows a list: its name, the argument that it is, and that argument's type."""
    for name, argument in field.args.items():
        if name in PAGING | {"orderBy"}:
            continue
        kind = get_named_type(argument.type)
        names = kind.fields if isinstance(kind, GraphQLInputObjectType) else [name]
        if name == "flowRuns":
            names = [name]
        for each in names:
            yield each, name, str(argument.type)


def test_there_are_samples_for_every_filter(twins: Twins) -> None:
    wanted = {name for field in listed().values() for name, _, _ in narrowings(field)}
    assert wanted == set(twins.samples)


@pytest.mark.parametrize("name", listed())
async def test_a_list_is_narrowed_alike_by_every_filter(twins: Twins, name: str) -> None:
    field = listed()[name]
    cases = [
        (filter_, argument, kind, {filter_: value} if kind.endswith("Filter") else value)
        for filter_, argument, kind in narrowings(field)
        for value in twins.samples[filter_]
        if argument != "flowRuns"
    ]
    needed = "first: 100, " if name == "upcomingRuns" else ""
    find: set[str] = set()
    for start in range(0, len(cases), AT_ONCE):
        some = list(enumerate(cases[start : start + AT_ONCE]))
        declared = ", ".join(f"$v{index}: {kind}" for index, (_, _, kind, _) in some)
        asked = " ".join(
            f"a{index}: {name}({needed}{argument}: $v{index}) {selection(field)}"
            for index, (_, argument, _, _) in some
        )
        values = {f"v{index}": value for index, (*_, value) in some}
        answer = await twins.ask(f"query ({declared}) {{ {asked} }}", **values)
        found = {some[int(key[1:])][1][0] for key, rows in answer.items() if _rows(rows)}
        find |= found
    assert find == {filter_ for filter_, *_ in cases}


def _rows(answer: Any) -> Any:
    return answer["edges"] if isinstance(answer, dict) else answer


ORDERED = {name: field for name, field in listed().items() if "orderBy" in field.args}


@pytest.mark.parametrize("name", ORDERED)
async def test_a_list_is_in_every_order_alike(twins: Twins, name: str) -> None:
    field = ORDERED[name]
    kind = str(field.args["orderBy"].type)
    of_run = "filter: {flowRunId: $run}, " if name == "taskRuns" else ""
    run = "$run: ID, " if of_run else ""
    known = {"run": twins.samples["flowRunId"][0]} if of_run else {}
    for order in get_named_type(field.args["orderBy"].type).values:  # type: ignore[attr-defined]
        if name.startswith("search"):
            query = f"query ($o: {kind}) {{ {name}(orderBy: $o, limit: 3, offset: 1) {{ id }} }}"
            assert len((await twins.ask(query, o=order))[name]) == 3
            continue
        walk = f"""query ({run}$o: {kind}, $first: Int, $last: Int, $after: Cursor) {{
          {name}({of_run}orderBy: $o, first: $first, last: $last, after: $after) {{
            edges {{ cursor }} pageInfo {{ endCursor hasNextPage }} }} }}"""
        whole = (await twins.ask(walk, o=order, first=100, **known))[name]["edges"]
        assert (await twins.ask(walk, o=order, last=100, **known))[name]["edges"] == whole
        rest = await twins.ask(walk, o=order, first=100, after=whole[0]["cursor"], **known)
        assert rest[name]["edges"] == whole[1:]


async def test_the_task_runs_of_some_flow_runs_are_found_alike(twins: Twins) -> None:
    query = """query ($of: FlowRunFilter) { searchTaskRuns(flowRuns: $of) { name } }"""
    for each in twins.samples["flowRuns"]:
        assert (await twins.ask(query, of=each))["searchTaskRuns"] == [{"name": "load"}]


async def test_what_hangs_on_runs_and_the_rest_is_alike(twins: Twins) -> None:
    run = twins.samples["flowRunId"][0]
    others = await twins.ask(
        """query ($run: ID!) { flowRunInputs(flowRunId: $run, prefix: "a%") { key }
        retention { kind } apiTokens(includeRevoked: true) { name } }""",
        run=run,
    )
    assert others["flowRunInputs"] == [{"key": "a%-1"}]
    assert others["apiTokens"] == [{"name": "ci"}]
    answer = await twins.ask("""{ flowRuns { nodes { name flowName stateHistory { name }
      taskRunCounts { type count } taskSummary { taskName counts { type count } }
      blockedBy { reason } subflowRuns { nodes { id } }
      taskRuns(first: 1) { nodes { id attempts { number } logs { nodes { message } } } }
      logs(filter: {includeSubflows: true}) { nodes { message } } } }
      flows { nodes { name flowRuns { nodes { id } } } } workPools { nodes {
      queues { name } workers { name } } } deployments { nodes { schedules { nextFire } } } }""")
    assert len(answer["flowRuns"]["nodes"]) == 5
