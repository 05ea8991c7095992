"""The examples, run as a user runs them: in processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
Query = Callable[..., list[tuple[Any, ...]]]

TIME = r"\d\d:\d\d:\d\d\.\d{3}"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which everything is written under `tmp_path`, and no service is named."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
    return {**inherited, "HEADRACE_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """An example's whole run."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / command[0]), *command[1:]],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def query(tmp_path: Path) -> Query:
    """Asks the ledger that a script with no service leaves, as any SQLite reader can."""

    def ask(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as connection:
            return connection.execute(sql, values).fetchall()

    return ask


def table(name: str) -> list[list[str]]:
    """The cells of a table under its heading; fit for tables with no quoted cells."""
    lines = (EXAMPLES / "data" / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.split(",") for line in lines]


def expected_summary() -> list[str]:
    """The figures of the summary, found in another way than the pipeline's."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE day (year, date, millimetres REAL, celsius REAL)")
        db.execute("CREATE TABLE route (origin, destination, flights INTEGER)")
        days = [(row[0][:4], row[0], row[1], row[2]) for row in table("seattle-weather.csv")]
        db.executemany("INSERT INTO day VALUES (?, ?, ?, ?)", days)
        db.executemany("INSERT INTO route VALUES (?, ?, ?)", table("flights-airport.csv"))
        answers = [
            db.execute(query).fetchone()[0]
            for query in (
                "SELECT year || ', ' || printf('%.1f', sum(millimetres)) || ' mm' FROM day"
                " GROUP BY year ORDER BY sum(millimetres) DESC",
                "SELECT date || ', ' || printf('%.1f', celsius) || ' °C' FROM day"
                " ORDER BY celsius DESC",
                "SELECT printf('%,d', sum(flights)) || ' departures' FROM route"
                " GROUP BY origin ORDER BY sum(flights) DESC",
                "SELECT origin || ' to ' || destination || ', ' || printf('%,d', flights)"
                " || ' flights' FROM route ORDER BY flights DESC",
                "SELECT printf('%,d', sum(flights)) FROM route",
            )
        ]
    return [str(answer) for answer in answers]


def test_the_summary_is_what_the_readme_of_the_data_says() -> None:
    assert expected_summary() == [
        "2014, 1232.8 mm",
        "2014-08-11, 35.6 °C",
        "414,513 departures",
        "SFO to LAX, 13,788 flights",
        "7,009,728",
    ]


def test_the_quickstart_runs_with_no_service(environment: dict[str, str], query: Query) -> None:
    done = run(environment, "quickstart.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "[{'name': 'Ballard', 'active': True}, {'name': 'Georgetown', 'active': True}]"
    )
    lines = done.stderr.splitlines()
    created = re.fullmatch(
        rf"{TIME} \| INFO    \| headrace\.engine - "
        r"Created flow run '([\w-]+)' for flow 'My Pipeline'",
        lines[0],
    )
    assert created, lines
    endings = ["Task run 'fetch_data'", "Task run 'process'", f"Flow run '{created[1]}'"]
    finished = [line.split(" | ", 2)[2] for line in lines if "Finished in state" in line]
    assert finished == [f"{who} - Finished in state Completed()" for who in endings]
    assert query("SELECT name, state_name FROM flow_run") == [(created[1], "Completed")]
    tasks = query("SELECT task_name, state_name FROM task_run ORDER BY id")
    assert tasks == [("fetch_data", "Completed"), ("process", "Completed")]


def test_the_pipeline_finds_what_the_tables_hold(environment: dict[str, str], query: Query) -> None:
    done = run(environment, "pipeline.py", "--pace", "0")

    assert done.returncode == 0, done.stderr
    for figure, line in zip(expected_summary(), done.stdout.splitlines(), strict=False):
        assert line.endswith(figure)
    assert done.stderr.count("Retrying in 0.5 seconds...") == 2

    def states(task: str) -> list[tuple[Any, ...]]:
        """The final states of a task's runs, with the attempts they took."""
        return query(
            "SELECT state_name, run_count FROM task_run WHERE task_name = ? ORDER BY id", task
        )

    assert states("download_flights") == [("Completed", 3)]
    assert [name for name, _ in states("airport_directory")] == ["Completed", "Cached"]
    assert len(states("summarise_year")) == 4
    assert {state for state, _ in states("count_departures")} == {"Completed"}


def test_the_pipelines_report_is_a_subflow_with_its_inputs_recorded(
    environment: dict[str, str], query: Query
) -> None:
    done = run(environment, "pipeline.py", "--pace", "0")

    assert done.returncode == 0, done.stderr
    parents = query(
        "SELECT flow.name, parent_flow.name FROM flow_run AS run"
        " JOIN flow ON flow.id = run.flow_id"
        " LEFT JOIN flow_run AS parent ON parent.id = run.parent_flow_run_id"
        " LEFT JOIN flow AS parent_flow ON parent_flow.id = parent.flow_id ORDER BY run.id"
    )
    assert parents == [("Weather and flights", None), ("Report", "Weather and flights")]
    [(inputs,)] = query("SELECT inputs FROM task_run WHERE task_name = 'find_extremes'")
    counts = {parameter: len(runs) for parameter, runs in json.loads(inputs).items()}
    assert counts == {"years": 4, "states": 52}


def test_the_demo_without_a_terminal_follows_the_run_and_prints_the_summary(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(environment, "demo.py", "--pace", "0")

    assert done.returncode == 0, done.stderr
    summary = done.stdout.split("The pipeline's summary:\n\n")[1].splitlines()
    for figure, line in zip(expected_summary(), summary, strict=False):
        assert line.endswith(figure)
    assert "Weather and flights" in done.stdout
    (home,) = tmp_path.glob("headrace-demo-*")
    assert f"The ledger is {home}/ledger.db" in done.stdout
    assert (home / "ledger.db").stat().st_size > 0
    assert not accepts_connections(done.stdout)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(
    environment: dict[str, str], stop: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / "demo.py"), "--pace", "5"],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        address = demo.stdout.readline()
        demo.send_signal(stop)
        rest, _ = demo.communicate(timeout=60)  # its children hold the pipe: they have ended too

    assert "The service listens at" in address
    assert demo.returncode == 130, rest
    assert "The demo was interrupted." in rest
    assert not accepts_connections(address)


def accepts_connections(output: str) -> bool:
    """Whether somebody still listens at the address that the demo printed."""
    found = re.search(r"listens at http://([\d.]+):(\d+)", output)
    assert found
    with socket.socket() as probe:
        return probe.connect_ex((found[1], int(found[2]))) == 0
