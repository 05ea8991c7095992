"""Slots outside of runs, and what becomes of them when their process is killed, or stopped."""

from __future__ import annotations

import signal

from headrace.client import limit_operations
from tests.acceptance.scripts import Workplace

#: A lease so long that its end is not what frees the slots within the test.
HOLD = """
import sys, time
from pathlib import Path
from headrace.concurrency.sync import concurrency

with concurrency("db", lease_duration=float(sys.argv[1]), on_lease_lost="fence"):
    Path("held").touch()
    while not Path("release").exists():
        time.sleep(0.01)
print("all went well")
"""
TAKE = """
from headrace.concurrency.sync import concurrency

with concurrency("db", timeout_seconds=15):
    print("taken")
"""


def prepare(workplace: Workplace) -> None:
    workplace.write("hold.py", HOLD)
    workplace.write("take.py", TAKE)
    workplace.ask(limit_operations.create_concurrency_limit("db", 1, None, None))


def test_the_slots_of_a_killed_process_are_free_long_before_the_lease_ends(
    workplace: Workplace,
) -> None:
    prepare(workplace)
    with workplace.started("hold.py", "600") as script:
        workplace.until((workplace.folder / "held").exists, "the slot is held")
        script.process.kill()
        script.process.wait()
        assert workplace.run("take.py")[:2] == (0, "taken\n")


def test_a_process_that_was_stopped_past_its_lease_learns_that_others_had_its_slots(
    workplace: Workplace,
) -> None:
    prepare(workplace)
    with workplace.started("hold.py", "0.5") as script:
        workplace.until((workplace.folder / "held").exists, "the slot is held")
        script.process.send_signal(signal.SIGSTOP)
        try:
            assert workplace.run("take.py")[:2] == (0, "taken\n")
        finally:
            workplace.write("release", "")
            script.process.send_signal(signal.SIGCONT)
        code, out, err = script.finish()
        assert (code, out) == (1, "")
        assert "ConcurrencySlotsLost: The lease of concurrency slots on ['db'] was lost" in err
