"""What the processes of the fault tests do: `python -m tests.faults.programs NAME ARGUMENT…`.

They use the product as a script does; settings come through the environment. A line on standard
output tells the test how far things are.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import resource
import sys
import threading
import time
from pathlib import Path

from headrace.recorder import Settled, get_recorder, shutdown
from headrace.records import LogLine, now_micros
from headrace_service.ledger.database import is_url
from headrace_service.server import serve as serve_ledger
from headrace_service.settings import ServiceSettings


def say(*words: object) -> None:
    """Tell the test something."""
    print(*words, flush=True)


def record(text: object) -> None:
    """Record one log line."""
    get_recorder().record(LogLine(now_micros(), 20, "test", str(text)))


def serve(path: str, port: str) -> None:
    """Serve a ledger; says the address once it answers."""
    serve_ledger(
        path if is_url(path) else Path(path), ServiceSettings(port=int(port)), on_ready=say
    )


def lines_until_told() -> None:
    """Record numbered lines until standard input ends, flush, and say how many there were."""
    told = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        told.set()

    threading.Thread(target=listen, daemon=True).start()
    count = 0
    say("recording")
    while not told.is_set():
        for _ in range(20):
            record(count)
            count += 1
        time.sleep(0.001)
    say(count, get_recorder().flush(60.0).name)


def acknowledged_lines() -> None:
    """Record numbered lines for ever; says, again and again, up to where all are acknowledged."""
    for count in itertools.count(1):
        record(count - 1)
        if count % 50 == 0 and get_recorder().flush(60.0) is Settled.ACKNOWLEDGED:
            say(count)


def spooled_lines(count: str) -> None:
    """Once told to, record lines and see them safe on disk; then wait to be killed."""
    get_recorder()
    say("connected")
    sys.stdin.readline()
    for number in range(int(count)):
        record(number)
    while get_recorder().flush(0.05) is not Settled.SPOOLED:
        pass
    say("spooled")
    sys.stdin.read()


def one_line(text: str) -> None:
    """Record a line and end without any further ado."""
    record(text)


def lines_at_an_interrupted_end(count: str) -> None:
    """Once told to, record lines and end, while the service does not answer."""
    import atexit

    get_recorder()
    say("connected")
    sys.stdin.readline()
    for number in range(int(count)):
        record(number)
    atexit.register(say, "ending")


def lines_on_a_full_disk(count: str) -> None:
    """With the service away and no room for a spool of all of them, record lines."""
    get_recorder()
    say("connected")
    sys.stdin.readline()
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    for number in range(int(count)):
        record(number)
        if number == 2_000:
            while get_recorder().flush(0.05) is Settled.ACKNOWLEDGED:
                pass
            say("the disk is full")
    say(get_recorder().flush(60.0).name)


def children(method: str) -> None:
    """Record in this process and in children that were begun while it records."""
    for number in range(500):
        record(f"parent {number}")
    if method == "os.fork":
        pids = []
        for child in range(3):
            pid = os.fork()
            if pid == 0:
                child_lines(child)
                sys.exit()
            pids.append(pid)
            record(f"parent {500 + child}")
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
    else:
        multiprocessing.set_start_method(method)
        for child in range(3):
            process = multiprocessing.Process(target=child_lines, args=(child,))
            process.start()
            record(f"parent {500 + child}")
            process.join()
            assert process.exitcode == 0


def child_lines(child: int) -> None:
    """What a child records."""
    for number in range(500):
        record(f"child {child} {number}")


def child_of_a_backlog(method: str) -> None:
    """Record many lines, and have a child record one at once."""
    for number in range(30_000):
        record(f"parent {number}")
    if method == "os.fork":
        pid = os.fork()
        if pid == 0:
            record("child")
            sys.exit()
        assert os.waitpid(pid, 0)[1] == 0
    else:
        multiprocessing.set_start_method(method)
        process = multiprocessing.Process(target=record, args=("child",))
        process.start()
        process.join()
        assert process.exitcode == 0


def flows_without_service() -> None:
    """Run flows while the service is gone."""
    from headrace import flow

    @flow
    def short() -> int:
        return 1

    say(short())
    sys.stdin.readline()
    for _ in range(20):
        short()
    say("done")


def lines_at_the_end() -> None:
    """Record in the last moments of a process: after the recorder has been closed."""
    import atexit

    atexit.register(record, "from a handler that was there first")
    record("as usual")
    atexit.register(record, "from a handler that came later")


def lines_after_shutdown() -> None:
    """Shut down, and go on."""
    record("before")
    shutdown()
    record("after")


def flow_of_tasks(count: str) -> None:
    """A flow run of so many tasks, each with a log line; waits halfway and before the last."""
    from headrace import flow, get_run_logger, task

    @task
    def double(number: int) -> int:
        get_run_logger().info("line %d", number)
        return 2 * number

    @flow
    def doubles(numbers: int) -> int:
        total = 0
        stops = {numbers // 2: "halfway", numbers - 1: "the last"}
        for number in range(numbers):
            if number in stops:
                say(stops[number])
                sys.stdin.readline()
            total += double(number)
        return total

    say(doubles(int(count)))


def flow_that_ends(how: str) -> None:
    """A flow run with a task run in a thread; ends without a word, or waits to be told on.

    `how` is "exit in the flow", "exit in a task" or "wait". It says "running" once its runs are
    recorded.
    """
    from headrace import flow, task

    @task
    def work() -> str:
        if how != "exit in the flow":
            settle_and_go_on()
        return "worked"

    def settle_and_go_on() -> None:
        get_recorder().flush(60.0)
        say("running")
        if how == "wait":
            sys.stdin.readline()
        else:
            os._exit(3)

    @flow
    def pipeline() -> str:
        result = work.submit().result()
        if how == "exit in the flow":
            settle_and_go_on()
        return result

    say(pipeline())


def watch() -> None:
    """Follow the runs of this machine's ledger file until killed."""
    import asyncio

    from headrace.client import AsyncClient

    async def follow() -> None:
        async with AsyncClient() as client:
            query = "subscription ($after: Cursor) { flowRuns(after: $after) { cursor } }"
            async for _ in client.subscribe(query, on_status=lambda status: say("watching")):
                pass

    asyncio.run(follow())


def slot_holder(name: str) -> None:
    """Hold a slot of a limit in a flow, until told on."""
    from headrace import flow
    from headrace.concurrency.sync import concurrency

    @flow
    def holding() -> None:
        with concurrency(name, strict=True):
            get_recorder().flush(60.0)
            say("holding")
            sys.stdin.readline()

    holding()
    say("done")


if __name__ == "__main__":
    program, *arguments = sys.argv[1:]
    globals()[program](*arguments)
