"""A client's batches of records, ready made: `batches.py BATCHES`, sent one after the other.

Waits for a line on standard input before it sends, so that several begin together. Prints, as JSON,
when it began and when the last batch was acknowledged (monotonic clock, seconds), and the records.
"""

import json
import sys
import time

import msgspec
import uuid_utils.compat as uuids

from headrace.recorder.http import HttpTransport
from headrace.records import (
    FlowRunCreated,
    LogLine,
    Record,
    RecordBatch,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)
from headrace.settings import get_settings

TASKS = 333  #: in a batch, each with three records: its begin, its log line and its end


def state(kind: StateType) -> StateChange:
    return StateChange(kind, kind.value.capitalize(), now_micros(), None, 1)


def batches(count: int) -> list[bytes]:
    """What a flow run with many tasks records."""
    client, run = uuids.uuid7(), uuids.uuid7()
    made = []
    for number in range(1, count + 1):
        records: list[Record] = []
        if number == 1:
            records.append(FlowRunCreated(run, "etl", "calm-heron", state(StateType.RUNNING)))
        for place in range(TASKS):
            task, name = uuids.uuid7(), f"load-{place}"
            said = f"Finished in state Completed() {place}"
            records += [
                TaskRunCreated(task, "load", name, state(StateType.RUNNING), flow_run_id=run),
                LogLine(now_micros(), 20, "task", said, flow_run_id=run, task_run_id=task),
                TaskRunChanged(task, state(StateType.COMPLETED)),
            ]
        made.append(msgspec.json.encode(RecordBatch(client, number, records)))
    return made


def main(count: int) -> None:
    url = get_settings().service_url
    assert url is not None
    transport = HttpTransport(url)
    transport.connect()
    ready = batches(count)
    print("ready", flush=True)
    sys.stdin.readline()
    began, taken = time.monotonic(), 0
    for payload in ready:
        taken += transport.send(payload).accepted
    print(json.dumps({"began": began, "ended": time.monotonic(), "records": taken}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
