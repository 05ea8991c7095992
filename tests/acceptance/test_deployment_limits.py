"""Deployments whose runs may not all be under way at once, and that name their runs."""

from __future__ import annotations

from headrace.client import work
from tests.acceptance.scripts import Workplace

LIMITED = """
import time
from pathlib import Path
from headrace import flow
from headrace.client.schemas.objects import ConcurrencyLimitConfig

@flow(flow_run_name="piece-{number}")
def piece(number: int):
    Path(f"{number}.begun").touch()
    while not Path("release").exists():
        time.sleep(0.02)

if __name__ == "__main__":
    piece.serve(name="limited", global_limit=LIMIT)
"""


def ask(workplace: Workplace, number: int) -> None:
    wanted = {"deployment": "piece/limited", "parameters": {"number": number}}
    workplace.ask(work.create_flow_run(wanted))


def states(workplace: Workplace) -> list[tuple[str, str]]:
    """The names of the runs and of their states, the oldest first."""
    return [(run["name"], run["state"]["name"]) for run in reversed(workplace.runs())]


def test_runs_wait_for_those_before_them_and_are_named_as_they_begin(
    workplace: Workplace,
) -> None:
    workplace.write("piece.py", LIMITED.replace("LIMIT)", "1)"))
    with workplace.started("piece.py") as script:
        workplace.until(workplace.deployments, "it is served")
        ask(workplace, 1)
        workplace.until(lambda: (workplace.folder / "1.begun").exists(), "the first has begun")
        ask(workplace, 2)
        waits = ["Running", "AwaitingConcurrencySlot"]
        workplace.until(lambda: [at for _, at in states(workplace)] == waits, "the second waits")
        assert states(workplace)[0][0] == "piece-1"
        workplace.write("release", "")
        ended = [("piece-1", "Completed"), ("piece-2", "Completed")]
        workplace.until(lambda: states(workplace) == ended, "both have completed")
        script.interrupt()
        assert script.finish()[0] == 0


def test_runs_beyond_the_limit_are_cancelled_where_the_deployment_says_so(
    workplace: Workplace,
) -> None:
    limit = 'ConcurrencyLimitConfig(limit=1, collision_strategy="CANCEL_NEW"))'
    workplace.write("piece.py", LIMITED.replace("LIMIT)", limit))
    with workplace.started("piece.py") as script:
        (served,) = workplace.until(workplace.deployments, "it is served")
        assert (served["concurrencyLimit"], served["collisionStrategy"]) == (1, "CANCEL_NEW")
        ask(workplace, 1)
        workplace.until(lambda: (workplace.folder / "1.begun").exists(), "the first has begun")
        ask(workplace, 2)
        (second,) = workplace.until(lambda: workplace.runs("CANCELLED"), "the second is cancelled")
        assert second["state"]["message"] == "Deployment concurrency limit reached."
        workplace.write("release", "")
        workplace.until(lambda: len(workplace.runs("COMPLETED")) == 1, "the first has completed")
        script.interrupt()
        assert script.finish()[0] == 0
