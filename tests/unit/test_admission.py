"""Whether slots are free: the arithmetic, case by case."""

from __future__ import annotations

import pytest

from headrace_service.admission import Capacity, Held, admits, drain, fits, free_at, taken

S = 1_000_000
FIVE = Capacity(5)
RATE = Capacity(4, decay=2.0)  # a slot comes back every half second


@pytest.mark.parametrize(
    ("capacity", "held", "now", "expected"),
    [
        (FIVE, [], 0, 0),
        (FIVE, [Held(2, 0, 10 * S), Held(1, 0, 3 * S)], S, 3),
        (FIVE, [Held(2, 0, 10 * S), Held(1, 0, 3 * S)], 3 * S, 2),  # a lease's end is not its own
        (RATE, [Held(2, 0, S)], 0, 2),
        (RATE, [Held(2, 0, S)], S // 4, 1.5),
        (RATE, [Held(2, 0, S), Held(2, S, 2 * S)], S // 2, 3),  # the second waits for the first
        (RATE, [Held(2, 0, S)], 2 * S, 0),
    ],
)
def test_taken(capacity: Capacity, held: list[Held], now: int, expected: float) -> None:
    assert taken(capacity, held, now) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("capacity", "held", "occupy", "now", "expected"),
    [
        (FIVE, [], 5, 0, True),
        (FIVE, [], 6, 0, False),
        (FIVE, [Held(3, 0, S)], 2, 0, True),
        (FIVE, [Held(3, 0, S)], 3, 0, False),
        (FIVE, [Held(3, 0, S)], 3, S, True),
        (Capacity(2), [Held(4, 0, S)], 1, 0, False),  # lowered below what is held
        (Capacity(0), [], 1, 0, False),
        (Capacity(0, active=False), [Held(9, 0, S)], 9, 0, True),
        (RATE, [Held(4, 0, 2 * S)], 1, S // 2 - 1_000, False),
        (RATE, [Held(4, 0, 2 * S)], 1, S // 2, True),
    ],
)
def test_admits(
    capacity: Capacity, held: list[Held], occupy: int, now: int, expected: bool
) -> None:
    assert admits(capacity, held, occupy, now) is expected


@pytest.mark.parametrize(
    ("capacity", "held", "occupy", "expected"),
    [
        (FIVE, [], 1, 0),
        (FIVE, [Held(5, 0, 7 * S)], 1, 7 * S),
        (FIVE, [Held(2, 0, 9 * S), Held(3, 0, 4 * S)], 3, 4 * S),
        (FIVE, [Held(2, 0, 9 * S), Held(3, 0, 4 * S)], 4, 9 * S),
        (FIVE, [], 6, None),
        (RATE, [Held(4, 0, 2 * S)], 3, 3 * S // 2),
    ],
)
def test_free_at(capacity: Capacity, held: list[Held], occupy: int, expected: int | None) -> None:
    assert free_at(capacity, held, occupy, 0) == expected


def test_slots_with_decay_drain_one_row_after_the_other() -> None:
    first = drain(RATE, [], 2, 10 * S)
    assert first == (10 * S, 11 * S)
    assert drain(RATE, [Held(2, *first)], 4, 10 * S) == (11 * S, 13 * S)
    assert drain(RATE, [Held(2, *first)], 4, 20 * S) == (20 * S, 22 * S)


def test_a_rate_holds_over_any_time() -> None:
    """Whoever takes what is free as soon as it is, gets the limit at once and then the rate."""
    held: list[Held] = []
    now, granted = 0, 0
    while now < 10 * S:
        moment = free_at(RATE, held, 1, now)
        assert moment is not None
        now = moment
        if admits(RATE, held, 1, now):
            held.append(Held(1, *drain(RATE, held, 1, now)))
            granted += 1
    assert granted == RATE.slots + 10 * RATE.decay


def test_what_can_never_be_free() -> None:
    assert fits(FIVE, 5)
    assert not fits(FIVE, 6)
    assert fits(Capacity(1, active=False), 6)
