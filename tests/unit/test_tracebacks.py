"""Which frames a user is shown of an error."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from headrace.exceptions import MissingContextError
from headrace.logging import get_run_logger
from headrace.tracebacks import InAnotherProcess, hide_ours
from headrace.utilities.collections import visit_collection


def frames_of(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def broken(value: object) -> object:
    raise ValueError(value)


def through_ours() -> ValueError:
    """An error of the user's that has passed a function of ours."""
    with pytest.raises(ValueError, match="1") as caught:
        visit_collection([1], broken)
    assert len(frames_of(caught.value)) > 2
    return caught.value


def test_frames_between_the_users_are_hidden() -> None:
    error = through_ours()
    hide_ours(error)
    assert frames_of(error) == ["through_ours", "broken"]


def test_what_led_to_an_error_and_what_it_groups_are_shortened_too() -> None:
    cause, context, member = through_ours(), through_ours(), through_ours()
    error = ExceptionGroup("several", [member])
    error.__cause__, error.__context__ = cause, context
    hide_ours(error)
    for each in (cause, context, member):
        assert frames_of(each) == ["through_ours", "broken"]


def test_a_circle_of_causes_ends() -> None:
    error = through_ours()
    other = KeyError("x")
    error.__context__, other.__context__ = other, error
    hide_ours(error)
    assert frames_of(error) == ["through_ours", "broken"]


def test_an_error_that_headrace_raises_on_purpose_ends_at_the_users_call() -> None:
    with pytest.raises(MissingContextError) as caught:
        get_run_logger()
    hide_ours(caught.value)
    assert len(frames_of(caught.value)) == 1


def test_a_bug_of_headraces_shows_where_it_is() -> None:
    nothing: Any = None
    with pytest.raises(TypeError) as caught:
        visit_collection([1], nothing)
    hide_ours(caught.value)
    assert len(frames_of(caught.value)) > 1


def test_an_error_from_another_process_has_its_frames_in_its_cause() -> None:
    error = ValueError("there")
    error.__cause__ = InAnotherProcess("Traceback of the other process")
    hide_ours(error)
    assert "\nTraceback of the other process" in "".join(traceback.format_exception(error))
