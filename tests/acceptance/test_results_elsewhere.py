"""Results that one process has kept are read by another, wherever they stand."""

from __future__ import annotations

import pytest

from tests.acceptance.scripts import Workplace

WRITER = """
import sys
from pathlib import Path

from headrace import flow, task
from headrace.cache_policies import INPUTS
from headrace.filesystems import LocalFileSystem

LocalFileSystem(basepath="saved").save("ours", overwrite=True)

class Odd(Exception):
    def __init__(self, number, word):
        super().__init__(f"{number} {word}")

@task(cache_policy=INPUTS.configure(key_storage="keys"), result_serializer="compressed/json",
      result_storage=sys.argv[1])
def double(x):
    return {"twice": 2 * x}

@flow(persist_result=True, result_storage=sys.argv[1])
def good():
    return double(4)

@flow
def lost():
    return 1

@flow
def bad():
    raise LookupError("nothing there")

@flow
def odd():
    raise Odd(3, "pigs")

good()
good()
lost()
bad(return_state=True)
odd(return_state=True)
"""

READER = """
import asyncio
from headrace import get_client

def tell(kind, run, ask):
    try:
        answer = ask()
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(kind, run.name if kind == "task" else run.flow_name, run.state.name, answer)

with get_client(sync_client=True) as client:
    for run in reversed(client.read_flow_runs()):
        tell("flow", run, run.state.result)
    for run in sorted(client.read_task_runs(), key=lambda run: run.id):
        tell("task", run, run.state.result)

async def main():
    async with get_client() as client:
        (run,) = [run for run in await client.read_flow_runs() if run.flow_name == "bad"]
        print(repr(await run.state.result(raise_on_failure=False)))

asyncio.run(main())
"""


@pytest.mark.parametrize("storage", ["kept", "file://{folder}/kept", "local-file-system/ours"])
def test_another_process_reads_what_was_kept(workplace: Workplace, storage: str) -> None:
    workplace.write("writer.py", WRITER)
    workplace.write("reader.py", READER)
    code, _, err = workplace.run("writer.py", storage.format(folder=workplace.folder))
    assert code == 0, err
    code, out, err = workplace.run("reader.py")
    assert code == 0, err
    assert out.splitlines() == [
        "flow good Completed {'twice': 8}",
        "flow good Completed {'twice': 8}",
        "flow lost Completed MissingResult: State data is missing. Typically, this occurs when "
        "result persistence is disabled and the state has been retrieved from the API.",
        "flow bad Failed LookupError: nothing there",
        # It cannot be made anew from what it was pickled as: its message is left.
        "flow odd Failed FailedRun: Flow run encountered an exception: Odd: 3 pigs",
        "task double Completed {'twice': 8}",
        "task double Cached {'twice': 8}",
        "LookupError('nothing there')",
    ]
