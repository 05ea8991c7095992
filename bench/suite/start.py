"""How long it takes before anything happens: the import and the command's help."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure, number
from bench.processes import scratch, seconds_of
from bench.subjects import Subject


def measure(subject: Subject) -> Iterator[Figure]:
    """Milliseconds of the import over a bare start of Python, and of `--help` as a whole."""
    with scratch() as home:
        environment = subject.environment(home)
        python = str(subject.python)
        plan = subject.plan

        def seconds(*command: str) -> float:
            return seconds_of(command, environment, plan.script)

        def over_bare_start(statement: str) -> tuple[float, float]:
            """One after the other, so that both see the same machine."""
            bare = seconds(python, "-c", "pass")
            return bare, seconds(python, "-c", statement) - bare

        statements = {
            "import": f"import {subject.name}",
            "import.names": f"from {subject.name} import flow, task",
        }
        baseline = ""
        for key, statement in statements.items():
            measure_one = partial(over_bare_start, statement)
            attempt(1, measure_one)  # compiles the bytecode
            runs = attempt(plan.starts, measure_one)
            if runs.results:
                bare_ms = median(bare for bare, _ in runs.results) * 1000
                baseline = f"python -c pass: {number(bare_ms)} ms"
            yield Figure(
                key,
                f"{statement}, over a bare start of Python{runs.remark}",
                "ms",
                [over * 1000 for _, over in runs.results],
                baseline,
                runs.failure,
            )
        attempt(1, lambda: seconds(*subject.command("--help")))
        helps = attempt(plan.starts, lambda: seconds(*subject.command("--help")) * 1000)
        yield Figure(
            "help",
            f"--help, whole process{helps.remark}",
            "ms",
            helps.results,
            baseline,
            helps.failure,
        )
