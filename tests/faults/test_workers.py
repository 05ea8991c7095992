"""Workers and run processes that die or are stopped at each step, and code that cannot be run."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import uuid_utils.compat as uuids

from headrace.bundles import make_bundle
from headrace.client import operations, work
from headrace.liveness import Fate, fate, identity
from tests.acceptance.scripts import Script, Workplace
from tests.faults.processes import Service

DEPLOY = """
import ctypes, os, pathlib, signal, time
from headrace import flow
from headrace.recorder import get_recorder
from headrace.records import FlowRunChanged, StateType

@flow
def quick(number: int = 0):
    print(number, flush=True)

def note(flow, run, state):
    with open("hooks", "a") as file:
        print(os.getpid(), state.name, file=file, flush=True)

@flow
def kept(name: str = "held"):
    with open(name, "a") as file:
        print(os.getpid(), file=file, flush=True)
    while not pathlib.Path("go").exists():
        time.sleep(0.02)

@flow(retries=1, on_crashed=[note])
def held(name: str = "held"):
    with open(name, "a") as file:
        print(os.getpid(), file=file, flush=True)
    while not pathlib.Path("go").exists():
        time.sleep(0.02)

@flow
def hogs():
    ctypes.PyDLL(None).usleep(3_500_000)  # with the lock held that all threads need

@flow
def spins():
    until, count = time.monotonic() + 3.5, 0
    while time.monotonic() < until:
        count += 1

def die_before_the_report(worker):
    recorder = get_recorder()
    own = recorder.record

    def record(item):
        if isinstance(item, FlowRunChanged) and item.state.type is StateType.COMPLETED:
            if worker is not None:
                os.kill(worker, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        own(item)

    recorder.record = record

@flow(retries=1)
def unreported(worker: int | None = None):
    if not pathlib.Path("unreported").exists():
        die_before_the_report(worker)
    with open("unreported", "a") as file:
        print(os.getpid(), file=file, flush=True)

for each in (quick, kept.with_options(on_crashed=[note]), held, hogs, spins, unreported):
    each.deploy("d", work_pool_name="pool", print_next_steps=False)
"""
#: A flow whose process has begun, and is not done with loading it, until it is told to go on.
LOADS = """
import os, pathlib, time
from headrace import flow

with open("loading", "a") as file:
    print(os.getpid(), file=file, flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.02)

@flow
def loads():
    print("ran", flush=True)
"""
WORKER = ("-m", "headrace", "worker", "start", "--pool", "pool")
#: Leases of processes are short, so that nobody waits for long.
SHORT = {"HEADRACE_PROCESS_LEASE": "1.5", "HEADRACE_PROCESS_HEARTBEAT": "0.3"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A folder whose deployments wait in a pool of a service."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "home").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_HOME", str(folder / "home"))
        service = Service(folder / "home" / "service.db")
        made = Workplace(folder, service.url)
        made.environment |= SHORT
        made.headrace("work-pool", "create", "pool")
        made.write("deploy.py", DEPLOY)
        assert made.run("deploy.py")[0] == 0
        made.write("loads.py", LOADS)
        found = {"entrypoint": "loads.py:loads", "folder": str(folder), "retries": 1}
        loads = {"flowName": "loads", "name": "d", "workPoolName": "pool", **found}
        made.ask(work.apply_deployment(loads))
        yield made
        made.write("go", "")
        service.kill()


@pytest.fixture
def place(shared: Workplace) -> Workplace:
    """That folder, without what the test before has left there."""
    for name in ("go", "held", "hooks", "loading", "unreported"):
        (shared.folder / name).unlink(missing_ok=True)
    return shared


def ask(place: Workplace, flow: str, **parameters: Any) -> str:
    """Ask for a run; its id."""
    wanted = {"deployment": f"{flow}/d", "parameters": parameters}
    return str(place.ask(work.create_flow_run(wanted))["id"])


def state_of(place: Workplace, run_id: str) -> str:
    found = place.ask(operations.flow_run(run_id))
    assert found is not None
    return str(found["state"]["name"])


def pids(place: Workplace, name: str = "held") -> list[int]:
    """The processes that have begun the run so far."""
    path = place.folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def begun(place: Workplace, run_id: str) -> int:
    """The process of a run, once it has begun and that is known."""
    place.until(lambda: state_of(place, run_id) == "Running" and pids(place), "it has begun")
    return pids(place)[0]


def claim_and_vanish(place: Workplace) -> None:
    """Be a worker that claims what is due, and is never heard of again."""
    asked = {
        "workerId": str(uuids.uuid7()),
        "workerName": "vanishes",
        "workPoolName": "pool",
        "host": "elsewhere",
        "pid": 1,
        "leaseSeconds": 0.3,
        "limit": 1,
    }
    assert len(place.ask(work.claim_flow_runs(asked))["runs"]) == 1


def kill(worker: Script) -> None:
    worker.process.kill()
    worker.process.wait()


def test_what_was_claimed_and_not_begun_is_given_to_another(place: Workplace) -> None:
    run_id = ask(place, "quick")
    claim_and_vanish(place)
    assert state_of(place, run_id) == "Pending"
    with (
        place.started(*WORKER, "--name", "same") as one,
        place.started(*WORKER, "-n", "same") as two,
    ):
        place.until(lambda: state_of(place, run_id) == "Completed", "another has executed it")
        # Two workers of one name do not mistake their runs.
        others = [ask(place, "quick", number=number) for number in range(1, 5)]
        place.until(
            lambda: all(state_of(place, other) == "Completed" for other in others),
            "all have completed",
        )
        one.interrupt()
        two.interrupt()
        out = one.finish()[1] + two.finish()[1]
    # Processes that write to one pipe at once may mix up their line ends.
    assert sorted("".join(out.split())) == list("01234")


def test_a_process_that_dies_between_its_start_and_its_run_is_followed_by_another(
    place: Workplace,
) -> None:
    run_id = ask(place, "loads")
    with place.started(*WORKER) as worker:
        (pid,) = place.until(lambda: pids(place, "loading"), "its process has begun")
        assert state_of(place, run_id) == "Pending"
        os.kill(pid, signal.SIGKILL)
        place.until(lambda: len(pids(place, "loading")) == 2, "another has begun")
        place.write("go", "")
        place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
        worker.interrupt()
        assert worker.finish()[:2] == (0, "ran\n")


def test_a_worker_that_dies_between_start_and_run_leaves_its_process_to_go_on(
    place: Workplace,
) -> None:
    run_id = ask(place, "loads")
    with place.started(*WORKER) as worker:
        place.until(lambda: pids(place, "loading"), "its process has begun")
        kill(worker)
        with place.started(*WORKER) as other:
            other.hear("Waiting for runs as")
            place.write("go", "")
            place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
            other.interrupt()
            assert other.finish()[:2] == (0, "")  # there was nothing for it to do
    assert len(pids(place, "loading")) == 1


def test_a_run_whose_process_dies_between_its_end_and_the_report_is_made_anew(
    place: Workplace,
) -> None:
    run_id = ask(place, "unreported")
    with place.started(*WORKER) as worker:
        place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
        worker.interrupt()
        assert worker.finish()[0] == 0
    assert len(pids(place, "unreported")) == place.runs()[0]["runCount"] == 2


def test_so_it_is_when_its_worker_dies_at_that_moment(place: Workplace) -> None:
    with place.started(*WORKER) as first:
        run_id = ask(place, "unreported", worker=first.process.pid)
        first.process.wait()
    with place.started(*WORKER) as second:
        place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
        second.interrupt()
        assert second.finish()[0] == 0
    assert len(pids(place, "unreported")) == place.runs()[0]["runCount"] == 2


def test_worker_and_process_are_killed_and_another_worker_makes_the_next_attempt(
    place: Workplace,
) -> None:
    run_id = ask(place, "held")
    with place.started(*WORKER) as first:
        pid = begun(place, run_id)
        kill(first)
        os.kill(pid, signal.SIGKILL)
    (place.folder / "go").unlink()
    with place.started(*WORKER) as second:
        place.until(lambda: len(pids(place)) == 2, "it has begun anew")
        place.write("go", "")
        place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
        second.interrupt()
        assert second.finish()[0] == 0
    assert place.runs()[0]["runCount"] == 2


def test_a_cancelled_run_whose_worker_and_process_are_gone_is_cancelled(place: Workplace) -> None:
    run_id = ask(place, "held")
    with place.started(*WORKER) as worker:
        pid = begun(place, run_id)
        os.kill(pid, signal.SIGSTOP)  # it hears of nothing
        kill(worker)
        place.ask(work.cancel_flow_run(run_id))
        os.kill(pid, signal.SIGKILL)
        place.until(lambda: state_of(place, run_id) == "Cancelled", "its end was noticed")


def test_a_process_that_is_stopped_past_its_lease_is_fenced_and_ends(place: Workplace) -> None:
    run_id = ask(place, "held")
    with place.started(*WORKER) as worker:
        pid = begun(place, run_id)
        who = identity(pid)
        os.kill(pid, signal.SIGSTOP)
        place.until(lambda: len(pids(place)) == 2, "another process has begun it anew")
        os.kill(pid, signal.SIGCONT)
        place.until(lambda: fate(who) is Fate.ENDED, "it has learnt that, and has ended")
        place.write("go", "")
        place.until(lambda: state_of(place, run_id) == "Completed", "it has completed")
        worker.interrupt()
        _, _, err = worker.finish()
    assert place.runs()[0]["runCount"] == 2
    assert "is not this process's any more: the process ends now" in err
    assert "exited with code 143" in err
    assert not (place.folder / "hooks").exists()  # the run has not crashed for good


def test_a_process_whose_run_was_ended_meanwhile_calls_its_hooks_and_ends(
    place: Workplace,
) -> None:
    run_id = ask(place, "kept")
    with place.started(*WORKER) as worker:
        pid = begun(place, run_id)
        who = identity(pid)
        os.kill(pid, signal.SIGSTOP)
        place.until(lambda: state_of(place, run_id) == "Crashed", "it is taken for dead")
        os.kill(pid, signal.SIGCONT)
        place.until(lambda: fate(who) is Fate.ENDED, "it has learnt that, and has ended")
        worker.interrupt()
        assert worker.finish()[0] == 0
    assert (place.folder / "hooks").read_text() == f"{pid} Crashed\n"


def test_code_that_keeps_other_threads_from_running_is_not_taken_for_dead(
    place: Workplace,
) -> None:
    run_ids = [ask(place, flow) for flow in ("hogs", "spins")]  # each for more than two leases
    over = ("Completed", "Crashed")
    with place.started(*WORKER) as worker:
        place.until(lambda: all(state_of(place, each) in over for each in run_ids), "they ended")
        worker.interrupt()
        worker.finish()
    assert [state_of(place, run_id) for run_id in run_ids] == ["Completed", "Completed"]
    assert [run["runCount"] for run in place.runs()[:2]] == [1, 1]


def test_code_of_another_python_or_that_is_gone_fails_its_run_and_says_why(
    place: Workplace,
) -> None:
    from headrace import flow

    content, about = make_bundle(flow(name="old")(lambda: None))
    kept = place.ask(work.put_bundle(content, {**about, "python": "2.7.18"}))
    pooled = {"name": "d", "workPoolName": "pool"}
    place.ask(work.apply_deployment({**pooled, "flowName": "old", "bundleKey": kept["key"]}))
    gone = {"entrypoint": "gone.py:flow", "folder": str(place.folder)}
    place.ask(work.apply_deployment({**pooled, "flowName": "gone", **gone}))
    ask(place, "old")
    ask(place, "gone")
    assert place.run(*WORKER, "--run-once")[0] == 0
    messages = {run["flowName"]: run["state"]["message"] for run in place.runs("FAILED")}
    assert f"by Python 2.7.18, and Python {platform.python_version()} runs here" in messages["old"]
    assert "gone.py" in messages["gone"]
