"""`deploy` and workers: code travels by value, runs are executed by whoever works for the pool."""

from __future__ import annotations

import json
import shutil

from headrace.client import work
from tests.acceptance.scripts import Workplace

DEPLOY = """
from headrace import flow, task
from helpers.words import shout

@task
def greet(env):
    return shout(f"running in {env}")

@flow
def my_pipeline(env: str = "prod"):
    print(greet(env), flush=True)

if __name__ == "__main__":
    my_pipeline.deploy(
        name="prod-pipeline",
        work_pool_name="local-process-pool",
        cron="0 6 * * *",
        parameters={"env": "prod"},
    )
"""


def prepare(workplace: Workplace) -> None:
    """A pool, and a deployment whose scripts are gone."""
    workplace.write("deploy.py", DEPLOY)
    workplace.write("helpers/__init__.py", "")
    workplace.write("helpers/words.py", "def shout(text):\n    return text.upper()\n")
    assert (
        workplace.headrace("work-pool", "create", "--type", "process", "local-process-pool") == ""
    )
    code, out, err = workplace.run("deploy.py")
    assert (code, "│ my-pipeline/prod-pipeline │ applied │" in out) == (0, True), err
    (workplace.folder / "deploy.py").unlink()
    shutil.rmtree(workplace.folder / "helpers")


def test_code_travels_by_value_to_a_worker(workplace: Workplace) -> None:
    prepare(workplace)
    workplace.headrace("deployment", "run", "my-pipeline/prod-pipeline")
    code, out, err = workplace.run(
        "-m", "headrace", "worker", "start", "--pool", "local-process-pool", "--run-once"
    )
    assert (code, out) == (0, "RUNNING IN PROD\n"), err
    assert [run["state"]["type"] for run in workplace.runs()] == ["COMPLETED"]


def test_deploying_again_changes_nothing(workplace: Workplace) -> None:
    prepare(workplace)
    before = workplace.ask(work.deployment("my-pipeline/prod-pipeline"))
    prepare_again = workplace.write("deploy.py", DEPLOY)
    workplace.write("helpers/__init__.py", "")
    workplace.write("helpers/words.py", "def shout(text):\n    return text.upper()\n")
    assert workplace.run("deploy.py")[0] == 0
    assert prepare_again.exists()
    after = workplace.ask(work.deployment("my-pipeline/prod-pipeline"))
    assert before is not None
    assert after is not None
    assert {**after, "updatedAt": ""} == {**before, "updatedAt": ""}


def test_two_workers_share_the_runs_and_execute_each_once(workplace: Workplace) -> None:
    prepare(workplace)
    start = ("-m", "headrace", "worker", "start", "--pool", "local-process-pool", "--limit", "2")
    with workplace.started(*start) as one, workplace.started(*start) as two:
        for number in range(6):
            workplace.ask(
                work.create_flow_run(
                    {
                        "deployment": "my-pipeline/prod-pipeline",
                        "parameters": {"env": str(number)},
                    }
                )
            )
        workplace.until(lambda: len(workplace.runs("COMPLETED")) == 6, "all have completed")
        one.interrupt()
        two.interrupt()
        codes, outs = zip(
            *((code, out) for code, out, _ in (one.finish(), two.finish())), strict=True
        )
    assert codes == (0, 0)
    # Processes that write to one pipe at once may mix up their line ends.
    said = "".join(outs)
    assert [said.count(f"RUNNING IN {number}") for number in range(6)] == [1] * 6


def test_an_unknown_pool_is_named_with_the_command_that_creates_it(workplace: Workplace) -> None:
    workplace.write(
        "deploy.py",
        "from headrace import flow\n\n@flow\ndef f(): ...\n\n"
        "try:\n    f.deploy('d', work_pool_name='nowhere')\n"
        "except ValueError as error:\n    print(error)\n",
    )
    _, out, err = workplace.run("deploy.py")
    assert "`headrace work-pool create --type process nowhere`" in out, err
    code, _, err = workplace.run("-m", "headrace", "worker", "start", "--pool", "nowhere")
    assert code == 1
    assert err == (
        "Error: there is no work pool 'nowhere'; create it with "
        "`headrace work-pool create --type process nowhere`\n"
    )


def test_a_worker_outlives_its_pool(workplace: Workplace) -> None:
    workplace.headrace("work-pool", "create", "local-process-pool")
    start = ("-m", "headrace", "worker", "start", "--pool", "local-process-pool")
    with workplace.started(*start) as worker:
        workplace.until(
            lambda: (
                workplace.headrace("worker", "ls", "--pool", "local-process-pool", "--json")
                != "[]\n"
            ),
            "it has come",
        )
        workplace.headrace("work-pool", "delete", "local-process-pool")
        worker.hear("trying again")
        prepare(workplace)
        workplace.headrace("deployment", "run", "my-pipeline/prod-pipeline", "--watch")
        worker.interrupt()
        assert worker.finish()[:2] == (0, "RUNNING IN PROD\n")


def test_a_pause_holds_runs_back(workplace: Workplace) -> None:
    prepare(workplace)
    workplace.headrace("work-pool", "pause", "local-process-pool")
    workplace.headrace("deployment", "run", "my-pipeline/prod-pipeline")
    once = ("-m", "headrace", "worker", "start", "--pool", "local-process-pool", "--run-once")
    assert workplace.run(*once)[:2] == (0, "")
    workplace.headrace("work-pool", "resume", "local-process-pool")
    assert workplace.run(*once)[:2] == (0, "RUNNING IN PROD\n")


def test_lists_as_json(workplace: Workplace) -> None:
    prepare(workplace)
    (pool,) = json.loads(workplace.headrace("work-pool", "ls", "--json"))
    assert (pool["name"], pool["queues"][0]["name"]) == ("local-process-pool", "default")
    (deployment,) = json.loads(workplace.headrace("deployment", "ls", "--json"))
    assert deployment["schedules"][0]["cron"] == "0 6 * * *"
    assert json.loads(workplace.headrace("flow-run", "ls", "--json")) == []
    assert (
        json.loads(workplace.headrace("worker", "ls", "--pool", "local-process-pool", "--json"))
        == []
    )
