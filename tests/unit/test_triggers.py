"""What triggers count, and when they fire: pure, so that time is whatever a test says."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_service.triggers import (
    ROLE,
    CompoundTrigger,
    Count,
    EventTrigger,
    Occurrence,
    SequenceTrigger,
    is_complete,
    lapse,
    matches,
    observe,
)

SECOND = 1_000_000


def event(name: str, second: float = 0, **more: Any) -> Occurrence:
    about = {"headrace.resource.id": "order.1", "region": "north"}
    return Occurrence(1, "an-id", int(second * SECOND), name, about, **more)


def fired_at(trigger: EventTrigger, *events: tuple[str, float]) -> list[float]:
    """The seconds at which a trigger fires, when these events happen."""
    count: Count | None = None
    fired = []
    for name, second in events:
        one = event(name, second)
        if trigger.covers(one):
            count, fires = observe(trigger, count, one)
            fired += [second] if fires else []
    return fired


@pytest.mark.parametrize(
    ("expected", "value", "does"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.bc", False),
        ("a.*", "a.b.c", True),
        ("a.*", "b.a.", False),
        ("*", "", True),
        ("!a.b", "a.c", True),
        ("!a.b", "a.b", False),
        ("!a.*", "a.b", False),
        ("a.b", None, False),
        ("!a.b", None, False),
    ],
)
def test_what_matches(expected: str, value: str | None, does: bool) -> None:
    assert matches(expected, value) is does


@pytest.mark.parametrize(
    ("trigger", "covered"),
    [
        (EventTrigger(), True),
        (EventTrigger(expect=["order.*"]), True),
        (EventTrigger(expect=["cart.*"]), False),
        (EventTrigger(expect=["cart.*"], after=["order.shipped"]), True),
        (EventTrigger(match={"region": "north"}), True),
        (EventTrigger(match={"region": ["south", "north"]}), True),
        (EventTrigger(match={"region": "south"}), False),
        (EventTrigger(match={"region": "north", "missing": "x"}), False),
        (EventTrigger(match_related={"name": "etl"}), True),
        (EventTrigger(match_related={"name": "other"}), False),
        (EventTrigger(match_related=[{"name": "etl"}, {"name": "t*"}]), True),
        (EventTrigger(match_related=[{"name": "etl"}, {"name": "x"}]), False),
    ],
)
def test_what_events_a_trigger_covers(trigger: EventTrigger, covered: bool) -> None:
    related = [{ROLE: "flow", "name": "etl"}, {ROLE: "tag", "name": "tuesday"}]
    assert trigger.covers(event("order.shipped", related=related)) is covered


@pytest.mark.parametrize(
    ("names", "may"),
    [
        ([], True),
        (["*"], True),
        (["headrace.*"], True),
        (["headrace.task-run.Failed"], True),
        (["!order.shipped"], True),
        (["headrace.flow-run.*"], False),
        (["order.*", "headrace.task"], False),
    ],
)
def test_what_kinds_of_events_a_trigger_may_name(names: list[str], may: bool) -> None:
    assert EventTrigger(expect=names).may_name("headrace.task-run.") is may


def test_events_are_counted_apart_by_labels_of_theirs_and_of_what_is_related() -> None:
    trigger = EventTrigger(for_each=["region", "related:flow:name", "related:nobody:name", "no"])
    one = event("a", related=[{ROLE: "tag", "name": "x"}, {ROLE: "flow", "name": "etl"}])
    assert trigger.key_of(one) == ["", "north", "etl", ""]


def test_one_event_is_enough_unless_more_are_asked_for() -> None:
    assert fired_at(EventTrigger(), ("a", 1), ("a", 2)) == [1, 2]
    assert fired_at(EventTrigger(threshold=2), ("a", 1), ("a", 99), ("a", 100)) == [99]


def test_so_many_within_a_time_fire_once_in_that_time() -> None:
    trigger = EventTrigger(threshold=2, within=10)
    assert fired_at(trigger, ("a", 0), ("a", 5)) == [5]
    assert fired_at(trigger, ("a", 0), ("a", 15), ("a", 16)) == [16]  # the first is too old
    # What comes in the rest of the ten seconds is passed over; then it counts anew.
    assert fired_at(trigger, ("a", 0), ("a", 1), ("a", 2), ("a", 3), ("a", 11), ("a", 12)) == [
        1,
        12,
    ]


def test_what_has_to_come_first_comes_first() -> None:
    trigger = EventTrigger(after=["begun"], expect=["done"], within=10)
    assert fired_at(trigger, ("done", 0)) == []
    assert fired_at(trigger, ("begun", 0), ("done", 5), ("done", 6)) == [5]
    assert fired_at(trigger, ("begun", 0), ("done", 15)) == []


def test_an_event_that_is_both_first_and_expected_is_counted_from_the_second_on() -> None:
    trigger = EventTrigger(after=["beat"], expect=["beat"], within=10)
    assert fired_at(trigger, ("beat", 0), ("beat", 1), ("beat", 2), ("beat", 3)) == [1, 3]


def test_absence_fires_once_the_time_is_over() -> None:
    trigger = EventTrigger(after=["begun"], expect=["done"], posture="Proactive", within=10)
    count, fires = observe(trigger, None, event("begun", 0))
    assert count == Count(0, 10 * SECOND, 0)
    assert not fires
    assert lapse(trigger, count, 11 * SECOND) == (None, True)
    count, fires = observe(trigger, count, event("done", 4))
    assert count is not None
    assert count.number == 1
    assert not fires
    assert lapse(trigger, count, 11 * SECOND) == (None, False)


def test_absence_is_waited_for_again_and_again() -> None:
    trigger = EventTrigger(expect=["beat"], posture="Proactive", within=10)
    following, fires = lapse(trigger, Count(0, 10 * SECOND), 11 * SECOND)
    assert following == Count(11 * SECOND, 21 * SECOND)
    assert fires


def test_a_heartbeat_pushes_the_end_away() -> None:
    trigger = EventTrigger(after=["beat"], expect=["beat"], posture="Proactive", within=10)
    count: Count | None = None
    for second in (0, 8, 16):
        count, fires = observe(trigger, count, event("beat", second))
        assert not fires
    assert count == Count(16 * SECOND, 26 * SECOND)
    assert lapse(trigger, count, 26 * SECOND) == (None, True)


def test_an_event_that_comes_after_the_end_tells_that_it_is_over() -> None:
    trigger = EventTrigger(expect=["beat"], posture="Proactive", within=10)
    count, fires = observe(trigger, Count(0, 10 * SECOND), event("beat", 12))
    assert count == Count(12 * SECOND, 22 * SECOND, 1)
    assert fires


@pytest.mark.parametrize(
    ("require", "firings", "complete"),
    [("all", {0: 1, 1: 2}, True), ("all", {0: 1}, False), (2, {0: 1, 2: 1}, True)],
)
def test_so_many_parts_have_to_fire(require: Any, firings: dict[int, int], complete: bool) -> None:
    parts: list[Any] = [EventTrigger()] * (2 if require == "all" else 3)
    assert is_complete(CompoundTrigger(triggers=parts, require=require), firings, 2) is complete


def test_parts_have_to_fire_in_order_and_in_time() -> None:
    parts: list[Any] = [EventTrigger(), EventTrigger()]
    trigger = SequenceTrigger(triggers=parts, within=10)
    assert is_complete(trigger, {0: SECOND, 1: 2 * SECOND}, 2 * SECOND)
    assert not is_complete(trigger, {0: 2 * SECOND, 1: SECOND}, 2 * SECOND)
    assert not is_complete(trigger, {0: 0, 1: 11 * SECOND}, 11 * SECOND)
