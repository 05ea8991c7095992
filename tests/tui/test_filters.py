"""The filter language."""

from __future__ import annotations

import pytest

from headrace_tui.feeds import service_filter
from headrace_tui.filters import parse
from tests.tui.runs import make_run


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "state:failed", "STATE:Fail", "state:completed,failed", "!state:running",
        "load", "7", "name:load-7", "task:loa", "tag:nightly", "!flow:etl", "is:failed", "!is:live",
        "state:", "state:failed load !tag:weekly", "id:00000000",
    ],
)  # fmt: skip
def test_what_fits(text: str) -> None:
    assert parse(text).accepts(make_run(7, "FAILED", tags=("nightly",)))


@pytest.mark.parametrize(
    "text", ["state:running", "!load", "name:other", "tag:night", "flow:load", "is:live", "is:odd"]
)
def test_what_does_not(text: str) -> None:
    assert not parse(text).accepts(make_run(7, "FAILED", tags=("nightly",)))


def test_a_state_is_found_by_its_name_too() -> None:
    run = make_run(1, "SCHEDULED")
    assert parse("state:sched").accepts(run)
    assert not parse("state:awaiting").accepts(run)


def test_what_is_not_understood_is_told_and_filters_nothing() -> None:
    chosen = parse("colour:red")
    assert "colour" in chosen.complaint
    assert chosen.accepts(make_run(1))


def test_only_trouble() -> None:
    chosen = parse("", trouble_only=True)
    assert chosen
    assert chosen.accepts(make_run(1, "CRASHED"))
    assert not chosen.accepts(make_run(1, "CANCELLED"))


def test_the_service_is_asked_for_what_it_can_filter() -> None:
    assert service_filter(parse("flow:etl text")) is None
    assert service_filter(parse("state:awaitingretry")) is None
    assert service_filter(parse("state:c,f !state:comp name:otter")) == {
        "nameContains": "otter",
        "states": ["CANCELLED", "CANCELLING", "CRASHED", "FAILED"],
    }
    assert service_filter(parse("", trouble_only=True)) == {"states": ["CRASHED", "FAILED"]}
