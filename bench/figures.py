"""What a benchmark brings back: figures, and the budgets they are held against."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Budget:
    """How good a figure has to be.

    `at_most` and `at_least` are in the figure's unit. `of_peer` bounds the figure's ratio to the
    peer's: at most this share of what the peer needs.
    """

    at_most: float | None = None
    at_least: float | None = None
    of_peer: float | None = None

    def wanted(self, unit: str) -> str:
        """The budget as a phrase."""
        phrases = []
        if self.at_most is not None:
            phrases.append(f"≤ {self.at_most:,g} {unit}")
        if self.at_least is not None:
            phrases.append(f"≥ {self.at_least:,g} {unit}")
        if self.of_peer is not None:
            phrases.append(f"≤ 1/{1 / self.of_peer:.0f} of the peer's with its service up")
        return "; ".join(phrases)


#: By the figure's key. They are the promises of docs/benchmarks.md.
BUDGETS: dict[str, Budget] = {
    "import": Budget(at_most=80),
    "import.names": Budget(at_most=80),
    "hello.embedded": Budget(at_most=0.35, of_peer=1 / 20),
    "sequential.http": Budget(at_least=12_000),
    "bytes": Budget(at_most=1024),
    "flat.sizes": Budget(at_most=1.15),
    "flat.within": Budget(at_most=1.15),
    "submit": Budget(at_least=5_000),
    "submit.memory": Budget(at_most=150),
    "cached": Budget(at_most=1_000),
    "coroutines": Budget(at_most=4),
    "logs": Budget(at_least=50_000),
    "recording.sqlite": Budget(at_least=30_000),
    "recording.sqlite.share": Budget(at_least=80),
    "recording.postgresql": Budget(at_least=15_000),
    "recording.postgresql.share": Budget(at_least=80),
    "deployed.start": Budget(at_most=100),
    "deployed.rate": Budget(at_least=600),
    "slots.embedded": Budget(at_most=0.5),
    "slots.http": Budget(at_most=3),
    "slots.crowd.embedded": Budget(at_least=500),
    "slots.crowd.http": Budget(at_least=500),
    "slots.fair.embedded": Budget(at_most=2),
    "slots.fair.http": Budget(at_most=2),
    "million.state": Budget(at_most=20),
    "million.postgresql.state": Budget(at_most=20),
    "watched.p99": Budget(at_most=250),
    "service.ready": Budget(at_most=1),
    "service.memory": Budget(at_most=90),
    "service.cpu": Budget(at_most=0.5),
}

#: The figure of the peer that a ratio budget is held against, where it is not the same one:
#: our script with no service against the peer's with its server already up.
PEER_KEYS = {"hello.embedded": "hello.http"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity.

    `runs` holds the value of each run; it is empty when the benchmark failed, and `failure` says
    why. `baseline` is a phrase that names what it is to be compared with, and its figure.
    """

    key: str
    what: str
    unit: str
    runs: list[float] = field(default_factory=list)
    baseline: str = ""
    failure: str | None = None

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.runs)

    @property
    def text(self) -> str:
        """The median with its unit, and the range when there were several runs."""
        if not self.runs:
            return f"failed: {self.failure}"
        text = f"{number(self.median)} {self.unit}"
        low, high = number(min(self.runs)), number(max(self.runs))
        return text if low == high else f"{text} ({low}–{high})"

    def verdict(self, peer: Figure | None = None) -> str:
        """`met`, `missed`, or a dash when there is no budget to hold it against."""
        budget = BUDGETS.get(self.key)
        if budget is None:
            return "—"
        if not self.runs:
            return "missed"
        checks = []
        if budget.at_most is not None:
            checks.append(self.median <= budget.at_most)
        if budget.at_least is not None:
            checks.append(self.median >= budget.at_least)
        if budget.of_peer is not None and peer is not None and peer.runs:
            checks.append(self.median <= budget.of_peer * peer.median)
        return "—" if not checks else "met" if all(checks) else "missed"


def number(value: float) -> str:
    """A number with three figures or so: 12,345 · 123 · 12.3 · 1.23 · 0.012."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"
