"""Write down what the parity programs print on real Prefect.

    python -m tests.parity.peers --python /path/to/python-with-prefect [area/name or area ...]

PREFECT_API_URL names a running Prefect server; each program gets a PREFECT_HOME of its own. A
program that starts with "# differs: why" is one where headrace means to differ: its answer is
written by hand.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import tempfile

from tests.parity import kit

WORDS = [("headrace", "prefect"), ("Headrace", "Prefect"), ("HEADRACE", "PREFECT")]


def to_prefect(text: str) -> str:
    """A program in Prefect's spelling."""
    for ours, theirs in WORDS:
        text = text.replace(ours, theirs)
    return text


def from_prefect(text: str) -> str:
    """What Prefect printed, in our spelling."""
    for ours, theirs in WORDS:
        text = text.replace(theirs, ours)
    return text


def ask(name: str, python: str) -> str:
    """Run one program on Prefect and keep its answer; tells what came of it."""
    text = kit.source(name)
    if text.startswith("# differs:"):
        return f"{name}: by hand"
    with tempfile.TemporaryDirectory(prefix="peer-") as home:
        environment = {"PREFECT_HOME": home, "DO_NOT_TRACK": "1"}
        printed, errors = kit.run(to_prefect(text), environment, python)
    if printed == kit.TOO_LATE:
        return f"{name}: {printed}"  # a server under load; ask again
    kit.answer(name).write_text(from_prefect(printed))
    last = printed.splitlines()[-1]
    return f"{name}: {last}" + ("" if last == "exit 0" else f"\n{errors[-1500:]}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", required=True, help="an interpreter that has Prefect")
    parser.add_argument("--new", action="store_true", help="only programs without an answer")
    parser.add_argument("names", nargs="*", help="programs, or areas; by default all")
    options = parser.parse_args()
    wanted = [
        name
        for name in kit.names()
        if (not options.names or name in options.names or name.split("/")[0] in options.names)
        and not (options.new and kit.answer(name).exists())
    ]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda name: ask(name, options.python), wanted):
            print(line, flush=True)


if __name__ == "__main__":
    main()
