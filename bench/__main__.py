"""`python -m bench`: run the benchmarks and show their table."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from bench.figures import Figure
from bench.peers import PEERS
from bench.processes import BenchmarkFailed
from bench.report import Report, rewrite, write_json
from bench.subjects import FULL, PEER, PEER_QUICK, QUICK, Plan, Subject, headrace
from bench.suite import BENCHMARKS


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", choices=[*BENCHMARKS])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="few and small runs: does it work?")
    size.add_argument("--full", action="store_true", help="also 1,000,000 tasks in a flow run")
    parser.add_argument("--peers", action="append", default=[], choices=[*PEERS])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's value here")
    parser.add_argument("--write", type=Path, metavar="FILE", help="rewrite the table in this file")
    return parser.parse_args(arguments)


def run(subject: Subject, names: list[str]) -> list[Figure]:
    """Run the benchmarks in order, saying each figure when it is there."""
    print(f"{subject.name} {subject.version}", file=sys.stderr)
    figures: list[Figure] = []
    for name in names:
        try:
            for figure in BENCHMARKS[name](subject):
                print(f"  {figure.what}: {figure.text}", file=sys.stderr, flush=True)
                figures.append(figure)
        except BenchmarkFailed as failure:
            figures.append(Figure(name, name, "", failure=str(failure)))
            print(f"  {name}: failed: {failure}", file=sys.stderr, flush=True)
    return figures


def main() -> int:
    """Run what was asked for; 1 when a benchmark of headrace itself could not be run."""
    options = parse(sys.argv[1:])
    names = options.only or [*BENCHMARKS]
    plan = QUICK if options.quick else FULL if options.full else Plan()
    subject = headrace(plan)
    figures = run(subject, names)
    peers: dict[str, list[Figure]] = {}
    for name in options.peers:
        try:
            peer = PEERS[name](PEER_QUICK if options.quick else PEER)
        except BenchmarkFailed as failure:
            print(f"{name} is left out: {failure}", file=sys.stderr)
            continue
        peers[f"{peer.name} {peer.version}"] = run(peer, names)
    command = shlex.join(["python", "-m", "bench", *_without_files(sys.argv[1:])])
    report = Report(command, subject.version, figures, peers)
    print(report.terminal())
    if options.json:
        write_json(report, options.json)
    if options.write:
        rewrite(report, options.write)
    return 0 if all(figure.runs for figure in figures) else 1


def _without_files(arguments: list[str]) -> list[str]:
    """The options that bear on the figures: not where they are written."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in {"--json", "--write"}:
            skip = True
        elif not argument.startswith(("--json=", "--write=")):
            kept.append(argument)
    return kept


if __name__ == "__main__":
    raise SystemExit(main())
