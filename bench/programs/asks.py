"""Asks for runs of the deployment that `served.py` serves: `asks.py ONE_BY_ONE AT_ONCE FOLDER`.

Prints, as JSON, how long each of the first took from being asked for to its first line, which is
waited for before the next is asked for; when the others were asked for, all at once (monotonic
clock, seconds); and when the last of those has begun.
"""

import json
import sys
import time
from pathlib import Path

from headrace.deployments import run_deployment

PATIENCE = 60


def ask(path: Path) -> None:
    run_deployment("trivial/bench", parameters={"began": str(path)}, timeout=0)


def begun(path: Path) -> float:
    deadline = time.monotonic() + PATIENCE
    while not (path.exists() and path.stat().st_size):
        if time.monotonic() > deadline:
            raise SystemExit(f"no run began within {PATIENCE} s")
        time.sleep(0.001)
    return float(path.read_text(encoding="ascii"))


def main(one_by_one: int, at_once: int, folder: Path) -> None:
    taken = []
    for number in range(one_by_one):
        path, asked = folder / f"one-{number}", time.time()
        ask(path)
        taken.append(begun(path) - asked)
    called = time.monotonic()
    for number in range(at_once):
        ask(folder / f"many-{number}")
    print(json.dumps({"called": called, "start_s": taken}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
