"""Task workers that are stopped for longer than their lease."""

from __future__ import annotations

import signal
from pathlib import Path

from headrace.client import run_operations
from tests.acceptance.scripts import Workplace
from tests.faults.processes import Service

TASKS = """
import time
from pathlib import Path
from headrace import task
from headrace.task_worker import serve

@task
def hold():
    Path("begun").touch()
    try:
        while not Path("release").exists():
            time.sleep(0.01)
    finally:
        Path("over").touch()

if __name__ == "__main__":
    serve(hold)
"""


def test_a_task_worker_drops_what_was_ended_while_it_was_stopped(
    service: Service, tmp_path: Path
) -> None:
    place = Workplace(tmp_path, service.url)
    place.environment |= {"HEADRACE_PROCESS_LEASE": "1", "HEADRACE_PROCESS_HEARTBEAT": "0.2"}
    place.write("tasks.py", TASKS)

    def states() -> list[str]:
        found = place.ask(run_operations.search_task_runs({}, None, "NEWEST", 10, 0))
        return [each["state"]["type"] for each in found]

    with place.started("tasks.py") as worker:
        assert place.run("-c", "from tasks import hold; hold.delay()")[0] == 0
        begun, over = (place.folder / name for name in ("begun", "over"))
        place.until(lambda: begun.exists() and states() == ["RUNNING"], "it runs")
        worker.process.send_signal(signal.SIGSTOP)
        place.until(lambda: states() == ["CRASHED"], "it is taken for dead")
        worker.process.send_signal(signal.SIGCONT)
        place.until(over.exists, "it has learnt that, and the code has ended")
        worker.interrupt()
        code, _, err = worker.finish()
    assert code == 0
    assert "Run 'hold" in err
    assert "was ended while this worker was not heard of" in err
    assert states() == ["CRASHED"]
