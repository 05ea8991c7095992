"""What `deploy` prints."""

from __future__ import annotations

import pytest

from headrace.deployments.summary import (
    Outcome,
    print_next_steps,
    print_next_steps_of_many,
    print_outcomes,
)


def test_what_could_not_be_deployed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes([Outcome("f/good"), Outcome("f/bad", "no such [queue]")])
    printed = capsys.readouterr().out
    assert "Encountered errors while creating/updating deployments:" in printed
    lines = [line for line in printed.splitlines() if line.startswith("│")]
    assert [line.strip("│").split("│") for line in lines] == [
        [" f/good ", " applied ", " " * 17],
        [" f/bad  ", " failed  ", " no such [queue] "],
    ]


@pytest.mark.parametrize("has_workers", [True, False])
def test_a_worker_is_asked_for_where_there_is_none(
    has_workers: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    print_next_steps("f/d", "pool", has_workers)
    one = capsys.readouterr().out
    assert "$ headrace deployment run 'f/d'" in one
    print_next_steps_of_many("pool", has_workers)
    many = capsys.readouterr().out
    assert "$ headrace deployment run [DEPLOYMENT_NAME]" in many
    for printed in (one, many):
        assert ("$ headrace worker start --pool 'pool'" in printed) is not has_workers
