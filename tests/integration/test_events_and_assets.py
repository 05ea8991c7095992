"""Events of users' own, and the assets that tasks make."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pydantic
import pytest

from headrace import Client, flow, task
from headrace.assets import Asset, AssetProperties, add_asset_metadata, materialize
from headrace.context import get_environment
from headrace.events import Event, emit_event
from headrace.events.clients import HeadraceEventsClient
from headrace.task_runners import ProcessPoolTaskRunner
from tests.run_kit import Book

SHIPPED = {"headrace.resource.id": "order.1", "headrace.resource.name": "Order"}
QUERY = (
    "query ($name: String) { events(first: 10, name: $name) "
    "{ nodes { name resource related payload occurred flowRunId } } }"
)


def emitted(name: str | None = None) -> list[dict[str, object]]:
    """The events in the ledger, newest first."""
    get_environment().recorder.flush()
    with Client() as client:
        nodes: list[dict[str, object]] = client.execute(QUERY, {"name": name})["events"]["nodes"]
        return nodes


def test_an_event_is_kept_beside_the_run_that_tells_of_it(book: Book) -> None:
    @flow
    def ship() -> None:
        event = emit_event(
            "order.shipped",
            resource=SHIPPED,
            related=[{"headrace.resource.id": "ann", "headrace.resource.role": "customer"}],
            payload={"weight": 2.5},
        )
        assert event is not None
        assert (event.resource.id, event.resource.name) == ("order.1", "Order")
        assert event.resource_in_role["customer"].id == "ann"
        assert [resource.id for resource in event.involved_resources] == ["order.1", "ann"]
        assert dict(event.resource) == SHIPPED

    ship()
    (run,) = book.flow_runs()
    (node,) = emitted("order.shipped")
    assert node["resource"] == SHIPPED
    assert node["payload"] == {"weight": 2.5}
    assert str(node["flowRunId"]).replace("-", "") == bytes(run["id"]).hex()
    assert emitted("other") == []


def test_events_do_not_disturb_the_feed_of_states(book: Book) -> None:
    @flow
    def ship() -> None:
        emit_event("order.shipped", resource=SHIPPED)

    ship()
    (run,) = book.flow_runs()
    assert book.history(run) == ["Pending", "Running", "Completed"]


def test_an_event_that_makes_no_sense_is_logged_and_harms_nobody(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    assert emit_event("x", resource={"a": "b"}) is None
    assert emit_event("x", resource=SHIPPED, related=[SHIPPED]) is None


def test_what_follows_what(book: Book) -> None:
    first = emit_event("a", resource=SHIPPED)
    assert first is not None
    second = emit_event("b", resource=SHIPPED, follows=first)
    long_after = emit_event(
        "c", resource=SHIPPED, follows=first, occurred=datetime.now(UTC) + timedelta(hours=1)
    )
    assert isinstance(second, Event)
    assert isinstance(long_after, Event)
    assert (second.follows, long_after.follows) == (first.id, None)


def test_a_task_that_makes_an_asset_tells_of_it(book: Book) -> None:
    orders = Asset(key="s3://shop/orders", properties=AssetProperties(name="orders"))

    @materialize(orders, "s3://shop/lines", by="dbt", asset_deps=["s3://shop/raw"])
    def load(rows: int) -> int:
        add_asset_metadata("s3://shop/orders", {"rows": rows})
        orders.add_metadata({"checked": True})
        return rows

    @flow
    def pipeline() -> int:
        return load(3) + load.with_options(name="again").submit(4).result()

    assert pipeline() == 7
    events = emitted("headrace.asset.materialization.succeeded")
    assert sorted((str(e["resource"]), str(e["payload"])) for e in events) == [
        ("{'headrace.resource.id': 's3://shop/lines'}", "{}"),
        ("{'headrace.resource.id': 's3://shop/lines'}", "{}"),
        (
            "{'headrace.resource.id': 's3://shop/orders', 'headrace.resource.name': 'orders'}",
            "{'rows': 3, 'checked': True}",
        ),
        (
            "{'headrace.resource.id': 's3://shop/orders', 'headrace.resource.name': 'orders'}",
            "{'rows': 4, 'checked': True}",
        ),
    ]
    assert events[0]["related"] == [
        {"headrace.resource.id": "s3://shop/raw", "headrace.resource.role": "asset"},
        {"headrace.resource.id": "dbt", "headrace.resource.role": "asset-materialized-by"},
    ]


def test_what_is_said_of_an_asset_in_another_process_goes_along(book: Book) -> None:
    @materialize("s3://shop/orders")
    def load(rows: int) -> int:
        add_asset_metadata("s3://shop/orders", {"rows": rows})
        return rows

    @flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
    def pipeline() -> int:
        return load.submit(3).result()

    assert pipeline() == 3
    (event,) = emitted("headrace.asset.materialization.succeeded")
    assert event["payload"] == {"rows": 3}


def test_a_task_that_fails_makes_no_asset(book: Book) -> None:
    @materialize("s3://shop/orders")
    def load() -> None:
        raise ValueError("broken")

    load(return_state=True)
    assert [event["name"] for event in emitted()] == ["headrace.asset.materialization.failed"]


def test_what_is_no_asset_says_so(book: Book) -> None:
    for key in ("orders", "S3://x", "s3:/x", "s3://a b", "s3://" + "x" * 600):
        with pytest.raises(pydantic.ValidationError):
            Asset(key=key)
    with pytest.raises(TypeError, match="at least one asset"):
        materialize()
    with pytest.raises(RuntimeError, match="Unable to call `add_asset_metadata`"):
        add_asset_metadata("s3://x/y", {})

    @task
    def plain() -> None:
        add_asset_metadata("s3://x/y", {})

    with pytest.raises(RuntimeError, match="Unable to call"):
        plain()

    @materialize("s3://a/b")
    def other() -> None:
        add_asset_metadata("s3://x/y", {})

    with pytest.raises(ValueError, match="Can only add metadata to assets"):
        other()


async def test_a_client_whose_block_is_cancelled_at_its_end_tells_of_nothing_more() -> None:
    client = HeadraceEventsClient()

    async def tell() -> None:
        async with client:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()  # heard of while the client waits for the ledger

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(tell())
    told = {"event": "e", "resource": {"headrace.resource.id": "r"}}
    event = Event.model_validate(told)
    with pytest.raises(TypeError, match="used as a context manager"):
        await client.emit(event)
