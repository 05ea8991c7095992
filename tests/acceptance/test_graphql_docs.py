"""The examples of `docs/graphql.md` do what the page says, in each language."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from headrace.records import FlowRunCreated, LogLine, StateChange, StateType, now_micros
from headrace_service.api import sse
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.queries.counts import count_flow_runs
from headrace_service.ledger.queries.flow_runs import FlowRunWhere
from headrace_service.server import RunningService, start_in_thread
from tests.builders import EPOCH, Stream, enters, flow_run

PAGE = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text()
ADDRESS = "127.0.0.1:4200"
#: By file name, which each of them begins with.
EXAMPLES = dict(re.findall(r"```\w+\n(?:#|//) (\S+)\n(.*?)```", PAGE, re.DOTALL))
PACKAGES = ("graphql@16", "graphql-ws@6", "ws@8")
PATIENCE = 60


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with (
        pytest.MonkeyPatch.context() as patch,
        start_in_thread(tmp_path_factory.mktemp("graphql") / "ledger.db") as running,
    ):
        # `curl` learns by the next byte that nobody reads from it any more.
        patch.setattr(sse, "KEEP_ALIVE", 0.5)
        yield running


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A folder with what the examples in JavaScript import; skips where that cannot be had."""
    folder = tmp_path_factory.mktemp("node")
    outcome: list[str] = []

    def install() -> str:
        if shutil.which("node") is None or shutil.which("npm") is None:
            return "there is no node and npm"
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return "npm does not get its packages"
        return "" if done.returncode == 0 else f"npm: {done.stderr.strip()[-200:]}"

    def found() -> Path:
        if not outcome:
            outcome.append(install())
        if outcome[0]:
            pytest.skip(outcome[0])
        return folder

    return found


class Bench:
    """Runs an example against the service."""

    def __init__(self, service: RunningService, folder: Path, modules: Callable[[], Path]) -> None:
        self.service = service
        self._folder = folder
        self._modules = modules

    @contextmanager
    def running(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The example's process, which does not outlive the block, nor does what it started."""
        process = self._start(name, arguments)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def answer(self, name: str, *arguments: str) -> str:
        """What it prints until its end."""
        process = self._start(name, arguments)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return out

    def followed(self) -> None:
        """Wait until somebody follows the service's feed."""
        deadline = time.monotonic() + PATIENCE
        while not self.service.ledger.feed.subscribers:
            assert time.monotonic() < deadline, "nobody subscribes"
            time.sleep(0.01)

    def forgotten(self) -> None:
        """Wait until nobody does."""
        deadline = time.monotonic() + PATIENCE
        while self.service.ledger.feed.subscribers:
            assert time.monotonic() < deadline, "a subscription stays behind"
            time.sleep(0.01)

    def record(self, *records: Any, stream: Stream) -> None:
        assert self.service.ledger.append(stream.batch(*records)).result().refused == []

    def _start(self, name: str, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
        folder = self._modules() if name.endswith(".mjs") else self._folder
        path = folder / name
        path.write_text(EXAMPLES[name].replace(ADDRESS, self.service.url.removeprefix("http://")))
        programs = {".sh": "bash", ".py": sys.executable, ".mjs": "node"}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
        home = {"HEADRACE_HOME": str(self._folder), "HEADRACE_API_URL": self.service.url}
        return subprocess.Popen(
            [programs[path.suffix], str(path), *arguments],
            cwd=folder,
            env={**kept, **home},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def bench(service: RunningService, tmp_path: Path, modules: Callable[[], Path]) -> Iterator[Bench]:
    made = Bench(service, tmp_path, modules)
    yield made
    made.forgotten()


def now(kind: StateType, message: str | None = None) -> StateChange:
    return StateChange(kind, kind.value.capitalize(), now_micros(), message, 1)


def begun(name: str) -> FlowRunCreated:
    """A flow run that begins now."""
    made = flow_run("etl", name)
    return FlowRunCreated(made.id, "etl", name, now(StateType.RUNNING))


LANGUAGES = ("{}.sh", "{}.py", "{}_gql.py", "{}.mjs")


def test_every_example_is_tried() -> None:
    names = ("failed", "start", "follow", "tail")
    assert set(EXAMPLES) == {file.format(name) for name in names for file in LANGUAGES}


@pytest.mark.parametrize("file", LANGUAGES)
def test_failed_runs_since_an_hour(bench: Bench, file: str) -> None:
    stream, late, early = Stream(), begun("late"), flow_run("etl", "early")
    failed = enters(late, now(StateType.FAILED, "no more disk"))
    long_ago = StateChange(StateType.FAILED, "Failed", EPOCH, "too early", 1)
    bench.record(late, early, failed, enters(early, long_ago), stream=stream)
    answer = bench.answer(file.format("failed"))
    assert "no more disk" in answer
    assert "too early" not in answer


@pytest.mark.parametrize("file", LANGUAGES)
def test_start_a_deployment(bench: Bench, file: str) -> None:
    ledger = bench.service.ledger
    wanted = DeploymentInput("etl", "nightly", entrypoint="etl.py:etl", parameters={"day": ""})
    made = ledger.write(apply_deployment, wanted).result()
    where = FlowRunWhere(deployment_id=made.id)
    before = ledger.read(count_flow_runs, where, 100).result()
    answer = bench.answer(file.format("start"))
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7", answer), answer
    assert (
        ledger.read(count_flow_runs, FlowRunWhere(deployment_id=made.id), 100).result()
        == before + 1
    )


@pytest.mark.parametrize("file", LANGUAGES)
def test_follow_a_run_until_it_ends(bench: Bench, file: str) -> None:
    stream, run = Stream(), begun("followed")
    bench.record(run, stream=stream)
    with bench.running(file.format("follow"), str(run.id)) as process:
        bench.followed()
        bench.record(enters(run, now(StateType.PAUSED)), stream=stream)
        bench.record(enters(run, now(StateType.RUNNING)), stream=stream)
        bench.record(enters(run, now(StateType.COMPLETED)), stream=stream)
        assert process.wait(PATIENCE) == 0
        assert process.stdout is not None
        told = process.stdout.read().splitlines()
    assert "Completed" in told[-1]
    if not file.endswith(".sh"):
        assert told == ["Running", "Paused", "Running", "Completed"]


@pytest.mark.parametrize("file", LANGUAGES)
def test_tail_logs(bench: Bench, file: str) -> None:
    stream = Stream()
    with bench.running(file.format("tail")) as process:
        bench.followed()
        assert process.stdout is not None
        for message in ("one", "two"):
            low = LogLine(now_micros(), 10, "test", "not this")
            bench.record(low, LogLine(now_micros(), 30, "test", message), stream=stream)
            line = process.stdout.readline()
            while message not in line:
                assert "not this" not in line
                assert line, "it has ended"
                line = process.stdout.readline()
            assert "WARNING" in line
