"""`headrace flow-run logs --follow`: lines as they come, until the run has ended."""

from __future__ import annotations

from tests.acceptance.scripts import Workplace

SCRIPT = """
import pathlib, time
from headrace import flow, task

@task(log_prints=True)
def step(number):
    print("step", number)

@flow(flow_run_name="followed", log_prints=True)
def report():
    print("begun")
    while not pathlib.Path("go").exists():
        time.sleep(0.02)
    for number in range(300):
        step(number)
    print("done")

report()
"""


def test_lines_are_shown_as_they_come_until_the_run_has_ended(workplace: Workplace) -> None:
    workplace.write("report.py", SCRIPT)
    with workplace.started("report.py"):
        workplace.until(lambda: workplace.runs("RUNNING"), "it runs")
        follow = ("-m", "headrace", "flow-run", "logs", "followed", "--follow")
        with workplace.started(*follow) as follower:
            assert follower.process.stdout is not None
            said = ""
            while "begun" not in said:
                said += (line := follower.process.stdout.readline())
                assert line, follower.process.stderr
            workplace.write("go", "")
            code, out, err = follower.finish()
    assert code == 0, err
    lines = [line.rpartition(" - ")[2] for line in (said + out).splitlines()]
    told = [line for line in lines if line.startswith(("begun", "step", "done"))]
    assert told == ["begun", *(f"step {number}" for number in range(300)), "done"]
    assert "Task run 'step-299' - step 299\n" in out
