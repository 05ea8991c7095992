"""`serve`: runs begin when they are due or asked for, each in a process of its own."""

from __future__ import annotations

import os
import signal

from headrace.client import operations, work
from tests.acceptance.scripts import Workplace

SERVED = """
from datetime import timedelta
from headrace import flow

@flow(log_prints=True)
def daily_report(day: int = 1):
    print("Generating daily report...")

if __name__ == "__main__":
    daily_report.serve(name="often", interval=timedelta(seconds=1), parameters={"day": 2})
"""

STARTING = """\
Your flow 'daily-report' is being served and polling for scheduled runs!

To trigger a run for this flow, use the following command:

        $ headrace deployment run 'daily-report/often'

"""

#: A flow that says under which process it runs, and waits to be told to go on.
WAITING = """
import os, pathlib, time
from headrace import flow

@flow
def slow(name: str = "x"):
    pathlib.Path(f"{name}.begun").write_text(str(os.getpid()))
    while not pathlib.Path("go").exists():
        time.sleep(0.02)
    return 1

if __name__ == "__main__":
    slow.serve(name="served")
"""


def test_an_interval_fires_once_at_each_of_its_times(workplace: Workplace) -> None:
    workplace.write("report.py", SERVED)
    with workplace.started("report.py") as script:
        workplace.until(lambda: len(workplace.runs("COMPLETED")) >= 3, "three runs completed")
        script.interrupt()
        code, out, err = script.finish()
    assert (code, out) == (0, STARTING), err
    runs = workplace.runs()
    times = [run["scheduledTime"] for run in runs]
    assert len(set(times)) == len(times)
    # The last one may have fired as nothing was taken any more.
    assert {run["state"]["type"] for run in runs[1:]} == {"COMPLETED"}
    assert runs[0]["state"]["type"] in ("COMPLETED", "SCHEDULED")
    assert runs[0]["parameters"] == {"day": 2}
    # While nobody serves it, its schedule rests.
    served = workplace.ask(work.deployment("daily-report/often"))
    assert served is not None
    assert served["paused"]


def test_a_script_without_a_guard_is_not_served_by_its_own_runs(workplace: Workplace) -> None:
    unguarded = SERVED.replace('if __name__ == "__main__":\n    daily', "daily")
    assert unguarded != SERVED
    workplace.write("report.py", unguarded)
    with workplace.started("report.py") as script:
        # One that serves in its turn would not end.
        workplace.until(lambda: len(workplace.runs("COMPLETED")) >= 2, "two runs completed")
        script.interrupt()
        code, out, err = script.finish()
    assert (code, out) == (0, STARTING), err
    assert "report.py:daily_report is loaded to run a flow of it, so serve() does nothing" in err


def test_a_cron_line_counts_by_the_clocks_of_its_zone(workplace: Workplace) -> None:
    times = 'interval=timedelta(seconds=1), parameters={"day": 2}'
    cron = 'cron="0 8 * * *", timezone="America/New_York"'
    workplace.write("report.py", SERVED.replace(times, cron))
    with workplace.started("report.py") as script:
        script.hear("Waiting for runs as")
        (served,) = workplace.deployments()
        script.interrupt()
        assert script.finish()[:2] == (0, STARTING)
    (schedule,) = served["schedules"]
    assert (schedule["cron"], schedule["timezone"]) == ("0 8 * * *", "America/New_York")
    assert schedule["nextFire"][11:] in ("12:00:00.000000Z", "13:00:00.000000Z")


def test_ctrl_c_lets_what_runs_finish_and_begins_nothing(workplace: Workplace) -> None:
    workplace.write("slow.py", WAITING)
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        workplace.until((workplace.folder / "x.begun").exists, "it has begun")
        script.interrupt()
        script.hear("Waiting for 1 run to finish")
        script.hear("All deployments have been paused!")  # so that none fires meanwhile
        later = workplace.ask(
            work.create_flow_run({"deployment": "slow/served", "parameters": {"name": "y"}})
        )
        workplace.write("go", "")
        code, _, err = script.finish()
    assert code == 0, err
    left = workplace.ask(operations.flow_run(later["id"]))
    assert left is not None
    assert left["state"]["type"] == "SCHEDULED"
    assert [run["state"]["type"] for run in workplace.runs()] == ["SCHEDULED", "COMPLETED"]


def test_a_second_ctrl_c_cancels(workplace: Workplace) -> None:
    workplace.write("slow.py", WAITING)
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        workplace.until((workplace.folder / "x.begun").exists, "it has begun")
        script.interrupt()
        script.hear("Waiting for 1 run to finish")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert [run["state"]["type"] for run in workplace.runs()] == ["CANCELLED"]
    assert err.count("Ending run ") == 1


def test_a_killed_run_is_crashed(workplace: Workplace) -> None:
    workplace.write("slow.py", WAITING)
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        begun = workplace.folder / "x.begun"
        pid = int(workplace.until(lambda: begun.exists() and begun.read_text(), "it has begun"))
        os.kill(pid, signal.SIGKILL)
        (run,) = workplace.until(lambda: workplace.runs("CRASHED"), "it is crashed")
        script.interrupt()
        assert script.finish()[0] == 0
    assert "process" in run["state"]["message"]


def test_job_variables_that_no_process_can_get_end_their_run_alone(workplace: Workplace) -> None:
    workplace.write("slow.py", WAITING)
    workplace.write("go", "")
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        for wrong in ({"env": 5}, {"env": {"A": "\0"}}, {"env": {"A=B": "c"}}):
            given = {"deployment": "slow/served", "jobVariables": wrong}
            workplace.ask(work.create_flow_run(given))
        workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        workplace.until(lambda: workplace.runs("COMPLETED"), "the last one has run")
        script.interrupt()
        assert script.finish()[0] == 0
    messages = [run["state"]["message"] for run in workplace.runs("CRASHED")]
    assert len(messages) == 3
    assert all("could not be started" in message for message in messages)
    assert "the job variable 'env' is no mapping" in messages[-1]


def test_a_cancelled_run_ends_and_its_hooks_run(workplace: Workplace) -> None:
    hooked = WAITING.replace(
        "@flow\n",
        "def note(flow, run, state):\n    pathlib.Path('hook').write_text(state.name)\n\n"
        "@flow(on_cancellation=[note])\n",
    )
    workplace.write("slow.py", hooked)
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        asked = workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        workplace.until((workplace.folder / "x.begun").exists, "it has begun")
        assert "Cancelling" in workplace.headrace("flow-run", "cancel", asked["id"])
        workplace.until(lambda: workplace.runs("CANCELLED"), "it is cancelled")
        script.interrupt()
        assert script.finish()[0] == 0
    assert (workplace.folder / "hook").read_text() == "Cancelling"


def test_several_deployments_are_served_at_once(workplace: Workplace) -> None:
    workplace.write(
        "both.py",
        "from headrace import flow, serve\n\n"
        "@flow\ndef one(): print('one', flush=True)\n\n"
        "@flow\ndef two(): print('two', flush=True)\n\n"
        "if __name__ == '__main__':\n"
        "    serve(one.to_deployment('a'), two.to_deployment('longer'), limit=1)\n",
    )
    with workplace.started("both.py") as script:
        workplace.until(lambda: len(workplace.deployments()) == 2, "both are served")
        for name in ("one/a", "two/longer"):
            workplace.headrace("deployment", "run", name, "--watch")
        script.interrupt()
        code, out, _ = script.finish()
    assert code == 0
    assert out.endswith("one\ntwo\n")
    assert "│ one/a      │\n│ two/longer │\n" in out


def test_a_flow_that_cannot_be_loaded_fails_and_says_why(workplace: Workplace) -> None:
    workplace.write("slow.py", WAITING)
    with workplace.started("slow.py") as script:
        workplace.until(workplace.deployments, "it is served")
        workplace.write("slow.py", "raise RuntimeError('broken since')")
        workplace.ask(work.create_flow_run({"deployment": "slow/served"}))
        (run,) = workplace.until(lambda: workplace.runs("FAILED"), "it has failed")
        script.interrupt()
        assert script.finish()[0] == 0
    assert run["state"]["message"] == "The flow could not be loaded: RuntimeError: broken since"


GENERATORS = """
from headrace import flow, serve

@flow
def numbers(good: bool):
    yield 1
    if not good:
        raise ValueError("broken item")

@flow
async def letters():
    yield "a"

if __name__ == "__main__":
    serve(numbers.to_deployment("n"), letters.to_deployment("l"))
"""


def test_the_items_of_generators_are_taken(workplace: Workplace) -> None:
    workplace.write("generators.py", GENERATORS)
    with workplace.started("generators.py") as script:
        workplace.until(lambda: len(workplace.deployments()) == 2, "they are served")
        for good in (True, False):
            asked = {"deployment": "numbers/n", "parameters": {"good": good}}
            workplace.ask(work.create_flow_run(asked))
        workplace.ask(work.create_flow_run({"deployment": "letters/l"}))
        workplace.until(lambda: len(workplace.runs("COMPLETED")) == 2, "two completed")
        workplace.until(lambda: workplace.runs("FAILED"), "one failed")
        script.interrupt()
        assert script.finish()[0] == 0
    (failed,) = workplace.runs("FAILED")
    assert failed["state"]["message"].endswith("ValueError: broken item")
