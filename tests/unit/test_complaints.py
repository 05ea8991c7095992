"""What fails every second is not said every second."""

from __future__ import annotations

import pytest

from headrace_service.ledger.apart import MOST, SILENCE, Complaints


class Seconds:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(complaints: Complaints, failure: str) -> None:
    try:
        raise KeyError("row")
    except KeyError:
        complaints.tell(failure)


def test_a_failure_is_said_at_once_and_then_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Seconds()
    complaints = Complaints(clock)
    for clock.now in range(int(SILENCE) + 1):
        fail(complaints, "it cannot fire")
    fail(complaints, "another cannot")
    assert caplog.messages == [
        "it cannot fire",
        "it cannot fire; so it was 59 times more since it was said last",
        "another cannot",
    ]
    assert all(record.exc_info for record in caplog.records)


def test_what_fails_is_not_remembered_without_bound(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(Seconds())
    for number in range(MOST + 1):
        fail(complaints, str(number))
    caplog.clear()
    fail(complaints, "0")  # forgotten
    fail(complaints, str(MOST))
    assert caplog.messages == ["0"]
