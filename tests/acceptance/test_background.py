"""Background tasks: asked for by one process, executed by whichever task worker is free."""

from __future__ import annotations

import json

from headrace.client import run_operations
from tests.acceptance.scripts import Script, Workplace

TASKS = """
import os, time
from pathlib import Path
from headrace import flow, task

@task
def double(number):
    return 2 * number

@task
async def total(numbers):
    return sum(numbers)

@task
def whose(number):
    time.sleep(0.05)
    return os.getpid()

@task
def hold():
    Path("begun").touch()
    while not Path("release").exists():
        time.sleep(0.01)
    return "held"

@task(task_run_name="named-{number}")
def named(number):
    return number

@task(retries=2)
def stumble(times):
    tries = Path("tries")
    tries.write_text(tries.read_text() + "." if tries.exists() else ".")
    if len(tries.read_text()) <= times:
        raise ValueError("stumbled")
    return "stands"

if __name__ == "__main__":
    from headrace.task_worker import serve

    serve(double, total, whose, hold, named, stumble, limit=4)
"""


def prepare(workplace: Workplace, program: str) -> None:
    workplace.write("tasks.py", TASKS)
    workplace.write("program.py", f"from tasks import *\n{program}")


def run(workplace: Workplace) -> str:
    code, out, err = workplace.run("program.py")
    assert code == 0, err
    return out


def states(workplace: Workplace) -> list[str]:
    """The types of the states that the task runs are in, the oldest first."""
    found = workplace.ask(run_operations.search_task_runs({}, None, "NEWEST", 200, 0))
    return [each["state"]["type"] for each in reversed(found)]


def end(worker: Script) -> str:
    """Ctrl-C; what the worker said."""
    worker.interrupt()
    code, _, err = worker.finish()
    assert code == 0, err
    return err


def test_a_program_asks_and_a_worker_answers(workplace: Workplace) -> None:
    prepare(
        workplace,
        "from headrace.futures import as_completed, wait\n"
        "first = double.delay(21)\n"
        "second = total.apply_async(([first, double.delay(1)],), wait_for=[first])\n"
        "print(first.result(timeout=60), second.result(timeout=60), second.state.name)\n"
        "mapped = double.map([1, 2, 3], deferred=True)\n"
        "print(mapped.result(timeout=60), len(wait(mapped).done), len([*as_completed(mapped)]))\n"
        "print(double(first), double(double.delay(4)))\n"
        "told = []\n"
        "first.add_done_callback(told.append)\n"
        "print(told == [first])\n",
    )
    with workplace.started("tasks.py") as worker:
        assert run(workplace) == "42 44 Completed\n[2, 4, 6] 3 3\n84 16\nTrue\n"
        end(worker)


def test_a_callback_may_ask_for_something_itself(workplace: Workplace) -> None:
    prepare(
        workplace,
        "import queue\n"
        "from headrace.variables import Variable\n"
        "told = queue.SimpleQueue()\n"
        "future = double.delay(21)\n"
        "future.add_done_callback(\n"
        "    lambda ended: told.put(Variable.get('nothing', default=ended.result()))\n"
        ")\n"
        "print(told.get(timeout=60))\n",
    )
    with workplace.started("tasks.py") as worker:
        assert run(workplace) == "42\n"
        end(worker)


def test_runs_wait_for_a_worker_and_their_program_does_not(workplace: Workplace) -> None:
    prepare(
        workplace,
        "@flow\ndef ask():\n    print(double.delay(1).state.name)\n\nask()\n",
    )
    assert run(workplace) == "Scheduled\n"
    assert states(workplace) == ["SCHEDULED"]
    with workplace.started("tasks.py") as worker:
        workplace.until(lambda: states(workplace) == ["COMPLETED"], "the run has completed")
        end(worker)


def test_two_workers_share_the_runs_and_execute_each_once(workplace: Workplace) -> None:
    prepare(
        workplace,
        "import json\nprint(json.dumps(whose.map(range(20), deferred=True).result(timeout=60)))\n",
    )
    with workplace.started("tasks.py") as one, workplace.started("tasks.py") as two:
        one.hear("Subscribing")
        two.hear("Subscribing")
        whose = json.loads(run(workplace))
        said = end(one) + end(two)
    assert set(whose) == {one.process.pid, two.process.pid}
    assert said.count("Received task run") == 20
    assert states(workplace) == ["COMPLETED"] * 20


def test_ctrl_c_lets_finish_what_runs_and_takes_no_more(workplace: Workplace) -> None:
    prepare(workplace, "hold.delay()\n")
    run(workplace)
    with workplace.started("tasks.py") as worker:
        workplace.until(lambda: (workplace.folder / "begun").exists(), "the run has begun")
        worker.interrupt()
        worker.hear("Waiting for 1 run to finish")
        run(workplace)
        workplace.write("release", "")
        assert worker.finish()[0] == 0
    assert states(workplace) == ["COMPLETED", "SCHEDULED"]


def test_ctrl_c_gives_back_what_waits_for_others(workplace: Workplace) -> None:
    prepare(workplace, "held = hold.delay()\ntotal.delay([held])\n")
    run(workplace)
    with workplace.started("tasks.py") as worker:
        workplace.until(lambda: states(workplace) == ["RUNNING", "PENDING"], "one waits")
        worker.interrupt()
        worker.hear("Waiting for 1 run to finish")
        workplace.write("release", "")
        assert worker.finish()[0] == 0
    assert states(workplace) == ["COMPLETED", "SCHEDULED"]


def test_the_second_ctrl_c_ends_what_runs(workplace: Workplace) -> None:
    prepare(workplace, "hold.delay()\n")
    run(workplace)
    with workplace.started("tasks.py") as worker:
        workplace.until(lambda: (workplace.folder / "begun").exists(), "the run has begun")
        worker.interrupt()
        worker.hear("Waiting for 1 run to finish")
        end(worker)
    assert states(workplace) == ["CRASHED"]


def test_the_run_of_a_killed_worker_crashes_and_the_others_go_on(workplace: Workplace) -> None:
    prepare(
        workplace,
        "future = hold.delay()\n"
        "future.wait(timeout=60)\n"
        "print(future.state.name)\n"
        "print(double.delay(4).result(timeout=60))\n",
    )
    with workplace.started("tasks.py") as one, workplace.started("program.py") as program:
        workplace.until(lambda: (workplace.folder / "begun").exists(), "the run has begun")
        with workplace.started("tasks.py") as two:
            two.hear("Subscribing")
            one.process.kill()
            code, out, err = program.finish()
            end(two)
    assert (code, out) == (0, "Crashed\n8\n"), err


def test_retries_and_a_failure_are_seen_through_the_future(workplace: Workplace) -> None:
    prepare(
        workplace,
        "print(stumble.delay(2).result(timeout=60))\n"
        "Path('tries').unlink()\n"
        "future = stumble.delay(9)\n"
        "try:\n"
        "    future.result(timeout=60)\n"
        "except ValueError as error:\n"
        "    print(error, future.state.name)\n"
        "print(repr(future.result(raise_on_failure=False)))\n",
    )
    with workplace.started("tasks.py") as worker:
        assert run(workplace) == "stands\nstumbled Failed\nValueError('stumbled')\n"
        end(worker)
    counts = workplace.ask(run_operations.search_task_runs({}, None, "NEWEST", 10, 0))
    assert [each["runCount"] for each in counts] == [3, 3]


def test_runs_are_named_by_their_arguments_even_if_these_come_later(workplace: Workplace) -> None:
    prepare(
        workplace,
        "for future in (named.delay(1), named.delay(double.delay(1))):\n"
        "    print(future.result(timeout=60))\n",
    )
    with workplace.started("tasks.py") as worker:
        assert run(workplace) == "1\n2\n"
        end(worker)
    found = workplace.ask(run_operations.search_task_runs({}, None, "NAME_ASC", 10, 0))
    assert [each["name"] for each in found] == ["double", "named-1", "named-2"]


def test_a_flow_with_a_background_runner_waits_for_its_tasks(workplace: Workplace) -> None:
    prepare(
        workplace,
        "from headrace.task_runners import HeadraceTaskRunner\n"
        "@flow(task_runner=HeadraceTaskRunner())\n"
        "def doubles():\n"
        "    hold.submit()\n"
        "    return double.map([1, 2]).result()\n"
        "Path('release').touch()\n"
        "print(doubles())\n",
    )
    with workplace.started("tasks.py") as worker:
        assert run(workplace) == "[2, 4]\n"
        assert states(workplace) == ["COMPLETED"] * 3
        end(worker)


def test_arguments_that_cannot_travel_are_named(workplace: Workplace) -> None:
    prepare(
        workplace,
        "import threading\n"
        "try:\n"
        "    double.delay(threading.Lock())\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, \"argument 'number'\" in str(error))\n",
    )
    assert run(workplace) == "UnpicklableArgument True\n"
    assert states(workplace) == []
