"""However many rows an answer has, it takes as many SQL statements: for every way through the
schema from a list, three lists deep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest
import uuid_utils.compat as uuids
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)

from headrace.records import SlotHolder, SlotRequest, now_micros
from headrace_service.api.schema import print_schema
from headrace_service.ledger import Ledger
from headrace_service.ledger.artifacts import NewArtifact, create_artifact
from headrace_service.ledger.automations import NewAutomation, create_automation
from headrace_service.ledger.blocks import NewBlockType, save_block
from headrace_service.ledger.concurrency import acquire
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.limits import LimitValues, create_limit
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.variables import set_variable
from headrace_service.ledger.work_pools import (
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    keep_worker,
)
from headrace_service.schedules import ScheduleSpec
from tests.builders import custom_event, enters, flow_run, log_line, state, task_run
from tests.integration.graphql_kit import ask, take

SCHEMA = build_schema(print_schema())
ROOT = cast("GraphQLObjectType", SCHEMA.query_type)
#: How many lists may stand in one another on the way.
DEEP = 3

Path = tuple[str, ...]


def object_of(field: GraphQLField) -> GraphQLObjectType | None:
    """The type of object that a field leads to without being told more, if it does."""
    kind = get_named_type(field.type)
    if any(is_required_argument(argument) for argument in field.args.values()):
        return None
    return kind if isinstance(kind, GraphQLObjectType) else None


def is_page(kind: GraphQLObjectType) -> bool:
    return kind.name.endswith("Connection")


def row_of(kind: GraphQLObjectType) -> GraphQLObjectType:
    """What the rows of a page are; else the type itself."""
    found = get_named_type(kind.fields["nodes"].type) if is_page(kind) else kind
    assert isinstance(found, GraphQLObjectType)
    return found


def ways(kind: GraphQLObjectType, way: Path, lists: int) -> Iterator[Path]:
    """The ways on from a type, each as the fields that it takes; no type twice in a row."""
    for name, field in kind.fields.items():
        to = object_of(field)
        if to is None:
            continue
        is_list = is_page(to) or isinstance(get_nullable_type(field.type), GraphQLList)
        if lists + is_list > DEEP or (not is_list and len(way) >= DEEP):
            continue
        yield (*way, name)
        yield from ways(row_of(to), (*way, name), lists + is_list)


def roots() -> Iterator[Path]:
    for name, field in ROOT.fields.items():
        to = object_of(field)
        if to is not None and (is_page(to) or "first" in field.args or "limit" in field.args):
            yield (name,)
            yield from ways(row_of(to), (name,), 1)


#: What a search finds leads where a page's rows lead.
WAYS = sorted({way for way in roots() if not (way[0].startswith("search") and len(way) > 2)})


def selection(kind: GraphQLObjectType, way: Path) -> str:
    """All that a type has without being told more, and what the way leads to."""
    leaves = [
        name
        for name, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type))
        and not any(is_required_argument(argument) for argument in field.args.values())
    ]
    return f"{{ {' '.join(leaves)} {step(kind, way)} }}"


def step(kind: GraphQLObjectType, way: Path, first: int = 2) -> str:
    if not way:
        return ""
    name, *rest = way
    field = kind.fields[name]
    to = object_of(field)
    assert to is not None
    size = next((f"({given}: {first})" for given in ("first", "limit") if given in field.args), "")
    inner = selection(row_of(to), tuple(rest))
    return f"{name}{size} {{ nodes {inner} }}" if is_page(to) else f"{name}{size} {inner}"


def reached(value: Any, way: Path) -> int:
    """How many things there are at a way's end."""
    if isinstance(value, list):
        return sum(reached(one, way) for one in value)
    if isinstance(value, dict) and "nodes" in value:
        return reached(value["nodes"], way)
    if value is None or not way:
        return 0 if value is None else 1
    return reached(value[way[0]], way[1:])


HOUR = 3_600_000_000
HOURLY = ScheduleInput(ScheduleSpec(interval=HOUR))
HOST = NewBlockType("host", "Host", None, {"secret_fields": ["inner.password"]})


def make(ledger: Ledger, number: int) -> None:
    """One of everything: what hangs together, and what is counted."""
    name = f"x{number}"
    run, task = flow_run(f"flow-{name}"), task_run(None)
    child = flow_run("child", parent=run.id)
    task = msgspec.structs.replace(task, flow_run_id=run.id, inputs={"rows": [child.id]})
    below = task_run(child)
    lines = [
        msgspec.structs.replace(log_line(owner), task_run_id=of.id)
        for owner, of in ((run, task), (child, below))
    ]
    ends = [enters(each, state("COMPLETED")) for each in (task, child)]
    take(ledger, run, child, task, below, *lines, *ends, custom_event(run))
    ledger.write(create_limit, name, LimitValues(slots=1), now_micros()).result()
    later = now_micros() + HOUR  # as long as who waits keeps its place though it asks no more
    for of_run, of_task in ((run, task), (child, below)):  # the second one waits
        holder = SlotHolder("host", 1, of_run.id, of_task.id)
        wanted = SlotRequest(uuids.uuid7(), [name], holder, lease_seconds=7_200)
        ledger.write(acquire, wanted, later).result()
    ledger.write(create_work_pool, NewWorkPool(name)).result()
    ledger.write(keep_worker, WorkerCall(uuids.uuid7(), name, name, "host", 1, 60)).result()
    plan = DeploymentInput(f"flow-{name}", name, work_pool=name, limits=[name], schedules=[HOURLY])
    ledger.write(apply_deployment, plan).result()
    ledger.write(create_run, RunRequest(f"flow-{name}/{name}")).result()
    watching = {"type": "event", "posture": "Reactive", "expect": ["x"]}
    act = [{"type": "do-nothing"}]
    ledger.write(create_automation, NewAutomation(name, watching, act)).result()
    ledger.write(create_artifact, NewArtifact(1, key=name, flow_run_id=run.id)).result()
    ledger.write(set_variable, name, 1, [], False).result()
    kind = NewBlockType(name, name, None, {})
    inner = ledger.write(save_block, kind, name, {"password": "p"}, False).result()
    within = {"inner": {"$ref": {"block_document_id": str(inner.id)}}}
    ledger.write(save_block, HOST, name, within, False).result()


def filled(folder: Any, many: int) -> Ledger:
    ledger = Ledger.open(folder / f"{many}.db")
    for number in range(many):
        make(ledger, number)
    return ledger


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Ledger]]:
    """Ledgers with two of everything, and with twenty."""
    folder = tmp_path_factory.mktemp("statements")
    few, many = filled(folder, 2), filled(folder, 20)
    yield few, many
    few.close()
    many.close()


async def told(ledger: Ledger, way: Path) -> tuple[list[str], int]:
    """The selects that a way takes, and how many things are at its end."""
    seen: list[str] = []

    def note(event: Any) -> None:
        if event.sql.lstrip("(").startswith(("SELECT", "WITH")):
            seen.append(event.sql)

    hooks = ledger._reading.db.query_hooks
    hooks.append(note)
    try:
        data = await ask(ledger, f"{{ {step(ROOT, way, 100)} }}")
    finally:
        hooks.remove(note)
    return seen, reached(data, way)


def last(way: Path) -> str:
    """The field at a way's end."""
    kind = ROOT
    for name in way[:-1]:
        to = object_of(kind.fields[name])
        assert to is not None
        kind = row_of(to)
    return f"{kind.name}.{way[-1]}"


#: Schedules fire for ever, however many there are.
ENDLESS = {"Query.upcomingRuns", "UpcomingRun.deployment"}


async def test_twenty_of_everything_take_as_many_statements_as_two(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    few, many = ledgers
    grown = set()
    for way in WAYS:
        (selects, at_end), (more_selects, more_at_end) = await told(few, way), await told(many, way)
        assert len(more_selects) == len(selects), (way, more_selects)
        if 0 < at_end < more_at_end:
            grown.add(last(way))
    # Every field has been tried where it leads to more.
    assert {last(way) for way in WAYS} - grown == ENDLESS
