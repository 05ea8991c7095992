"""The script dies: what was acknowledged is there, and the ledger is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.processes import Service, recorded, running


def acknowledged_before_death(environment: dict[str, str]) -> int:
    """Kill a script while it records; how many lines it knew to be acknowledged."""
    with running(environment, "acknowledged_lines") as script:
        for _ in range(20):
            count = int(script.hear())
        script.kill()
    return count


def test_embedded(home: Path) -> None:
    count = acknowledged_before_death({})
    messages = recorded(home / "ledger.db")
    assert len(messages) >= count
    assert messages == [str(number) for number in range(len(messages))]


def test_with_a_service(service: Service) -> None:
    count = acknowledged_before_death(service.environment)
    messages = recorded(service.path)
    assert len(messages) >= count
    assert messages == [str(number) for number in range(len(messages))]


def test_scripts_go_on_after_one_was_killed(home: Path) -> None:
    counts = [acknowledged_before_death({}) for _ in range(2)]
    messages = recorded(home / "ledger.db")
    assert len(messages) >= sum(counts)


@pytest.mark.parametrize(
    ("program", "messages"),
    [
        ("one_line", ["text"]),
        ("lines_after_shutdown", ["before", "after"]),
        (
            "lines_at_the_end",
            ["as usual", "from a handler that came later", "from a handler that was there first"],
        ),
    ],
)
@pytest.mark.parametrize("transport", ["embedded", "http"])
def test_nothing_is_lost_at_the_end_of_a_process(
    request: pytest.FixtureRequest, home: Path, transport: str, program: str, messages: list[str]
) -> None:
    environment, path = {}, home / "ledger.db"
    if transport == "http":
        service: Service = request.getfixturevalue("service")
        environment, path = service.environment, service.path
    arguments = ["text"] if program == "one_line" else []
    with running(environment, program, *arguments) as script:
        assert script.finish() == ("", "")
        assert script.code == 0
    assert recorded(path) == messages
