"""Subscribers of a service, and the events that they wait for: how late is each, is one lost?

usage: watches.py ADDRESS SECONDS RATE EVERYTHING RUNS
"""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import UUID

import httpx
import msgspec
import uuid_utils.compat as uuids
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from headrace.records import (
    FlowRunCreated,
    RecordBatch,
    StateChange,
    StateType,
    TaskRunCreated,
)

#: Batches of events a second.
BATCHES = 50
FOLLOW = """subscription ($run: ID) { taskRuns(flowRunId: $run) {
  cursor events { taskRunId flowRunId state { type name } } } }"""
RECORD = "mutation ($batch: RecordBatch!) { record(batch: $batch) { __typename } }"


class Watch:
    """What all subscribers see."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}  #: when each task run's event was sent off
        self.late: list[float] = []
        self.ready = 0

    async def follow(self, address: str, run: UUID | None, expected: int) -> None:
        """Receive so many events."""
        url = f"ws{address.removeprefix('http')}/graphql"
        protocols = [Subprotocol("graphql-transport-ws")]
        async with connect(url, subprotocols=protocols, compression=None, max_size=None) as socket:
            await socket.send('{"type": "connection_init"}')
            await socket.recv()
            variables = {} if run is None else {"run": str(run)}
            payload = {"query": FOLLOW, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            await socket.recv()
            self.ready += 1
            while expected:
                message: Any = msgspec.json.decode(await socket.recv())
                now = time.time()
                events = message["payload"]["data"]["taskRuns"]["events"]
                self.late += [now - self.sent[event["taskRunId"]] for event in events]
                expected -= len(events)


async def send(
    address: str, watch: Watch, runs: list[FlowRunCreated], seconds: int, rate: int
) -> None:
    """Record so many events a second, of each run in turn."""
    client_id, size, made = uuids.uuid7(), rate // BATCHES, 0
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:

        async def record(number: int, records: list[Any]) -> None:
            batch = msgspec.Raw(msgspec.json.encode(RecordBatch(client_id, number, records)))
            body = msgspec.json.encode({"query": RECORD, "variables": {"batch": batch}})
            answer = await client.post(
                "/graphql", content=body, headers={"content-type": "application/json"}
            )
            assert "RecordAck" in answer.text, answer.text

        await record(1, list(runs))
        begun = time.monotonic()
        for number in range(seconds * BATCHES):
            await asyncio.sleep(begun + number / BATCHES - time.monotonic())
            records = []
            for _ in range(size):
                run = runs[made % len(runs)]
                made += 1
                records.append(task_run(run))
                watch.sent[str(records[-1].id)] = time.time()
            await record(number + 2, records)


def task_run(run: FlowRunCreated) -> TaskRunCreated:
    """A task run that has begun."""
    state = StateChange(StateType.RUNNING, "Running", time.time_ns() // 1000, None, 1)
    return TaskRunCreated(uuids.uuid7(), "t", "t", state, flow_run_id=run.id)


async def main(address: str, seconds: int, rate: int, everything: int, count: int) -> None:
    """Measure, and print what came of it."""
    state = StateChange(StateType.RUNNING, "Running", time.time_ns() // 1000, None, 1)
    runs = [FlowRunCreated(uuids.uuid7(), "watched", "r", state) for _ in range(count)]
    watch, events = Watch(), seconds * rate // BATCHES * BATCHES
    following = [
        asyncio.create_task(watch.follow(address, run, events if run is None else events // count))
        for run in [None] * everything + [run.id for run in runs]
    ]
    while watch.ready < len(following):  # noqa: ASYNC110  # they tell nobody
        await asyncio.sleep(0.01)
    await send(address, watch, runs, seconds, rate)
    _, missing = await asyncio.wait(following, timeout=20)
    for task in missing:
        task.cancel()
    late = sorted(watch.late)
    expected = everything * events + count * (events // count)
    print(
        json.dumps(
            {
                "expected": expected,
                "received": len(late),
                "p50_ms": 1000 * late[len(late) // 2],
                "p99_ms": 1000 * late[len(late) * 99 // 100],
                "most_ms": 1000 * late[-1],
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:6])))
