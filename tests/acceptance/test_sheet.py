"""The cheat sheet that Prefect's users know, program by program, with and without a service.

The programs stand in the folder `sheet`; each is run in a process of its own, as a user would.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.acceptance.scripts import Workplace

SHEET = Path(__file__).parent / "sheet"

#: The clock in front of a log line.
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d\.\d\d\d \| ", re.MULTILINE)


def program(workplace: Workplace, name: str, *arguments: str) -> tuple[str, list[str]]:
    """What a program of the sheet prints, and its log lines without their times."""
    code, out, err = workplace.run(str(SHEET / name), *arguments)
    assert code == 0, err
    return out, _CLOCK.sub("", err).splitlines()


@pytest.fixture
def data_url() -> Iterator[str]:
    """The address of some data."""

    class Data(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([{"n": 1, "active": True}, {"n": 2, "active": False}]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Data) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/data.json"
        server.shutdown()


def test_quick_example(workplace: Workplace, data_url: str) -> None:
    printed, logged = program(workplace, "quick.py", data_url)
    assert printed == "[{'n': 1, 'active': True}]\n"
    name = logged[0].split("'")[1]
    assert logged == [
        f"INFO    | headrace.engine - Created flow run '{name}' for flow 'My Pipeline'",
        "INFO    | Task run 'fetch_data' - Finished in state Completed()",
        "INFO    | Task run 'process' - Finished in state Completed()",
        f"INFO    | Flow run '{name}' - Finished in state Completed()",
    ]


def test_retries(workplace: Workplace) -> None:
    printed, logged = program(workplace, "retries.py")
    assert printed == ""
    told = [line for line in logged if "unreliable_api_call" in line and "WARNING" not in line]
    assert told == [
        "INFO    | Task run 'unreliable_api_call' - Retrying in 0.1 seconds...",
        "INFO    | Task run 'unreliable_api_call' - Retrying in 0.1 seconds...",
        "INFO    | Task run 'unreliable_api_call' - "
        "Called https://api.example.com/data successfully",
        "INFO    | Task run 'unreliable_api_call' - Finished in state Completed()",
    ]
    assert logged[-2].endswith(" - Result: {'status': 'ok'}")


def test_caching(workplace: Workplace) -> None:
    printed, logged = program(workplace, "caching.py")
    assert printed == "[{'result': 42}] [{'result': 42}]\n"
    assert sum("Running query: SELECT * FROM big_table" in line for line in logged) == 1
    assert any(line.endswith("Finished in state Cached(type=COMPLETED)") for line in logged)


def test_parallel(workplace: Workplace) -> None:
    printed, logged = program(workplace, "parallel.py")
    assert printed == "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n"
    assert sum("Finished in state Completed()" in line for line in logged) == 11


def test_subflows(workplace: Workplace) -> None:
    printed, logged = program(workplace, "subflows.py")
    assert printed == "Transformed: [2, 4, 6, 8, 10]\n"
    assert "Created flow run" in logged[0]
    assert "for flow 'main'" in logged[0]
    assert "Created subflow run '" in logged[1]
    assert logged[1].endswith("' for flow 'transform'")


def test_hooks(workplace: Workplace) -> None:
    printed, logged = program(workplace, "hooks.py")
    assert printed == ""
    said = [line.partition(" - ")[2] for line in logged]
    assert said[1:] == [
        "task running",
        "Finished in state Completed()",
        "Result: 42",
        "Flow instrumented-flow completed successfully",
        "Finished in state Completed()",
    ]


def test_concurrency_limits(workplace: Workplace) -> None:
    assert workplace.headrace("concurrency-limit", "create", "external-api", "5") == ""
    printed, _ = program(workplace, "limited.py")
    assert printed == "15 True\n"


def test_schedules(workplace: Workplace) -> None:
    with workplace.started(str(SHEET / "schedules.py")) as script:
        (served,) = workplace.until(workplace.deployments, "it is served")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    (schedule,) = served["schedules"]
    assert (schedule["cron"], schedule["timezone"]) == ("0 8 * * *", "America/New_York")


def test_interval_scheduling(workplace: Workplace) -> None:
    with workplace.started(str(SHEET / "interval.py")) as script:
        workplace.until(lambda: workplace.runs("COMPLETED"), "a run completed")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert "Generating daily report..." in err


def test_deployments(workplace: Workplace) -> None:
    create = ("work-pool", "create", "--type", "process", "local-process-pool")
    assert workplace.headrace(*create) == ""
    printed, logged = program(workplace, "deploy.py")
    assert logged == []
    assert "my-pipeline/prod-pipeline │ applied" in printed
    assert "headrace worker start --pool 'local-process-pool'" in printed
    workplace.headrace("deployment", "run", "my-pipeline/prod-pipeline")
    worker = ("worker", "start", "--pool", "local-process-pool", "--run-once")
    code, out, err = workplace.run("-m", "headrace", *worker)
    assert (code, out) == (0, ""), err
    assert "Running in prod" in err
