"""Which frames a user is shown of an error."""

from __future__ import annotations

import subprocess
import sys
import traceback
from typing import Any

import pytest

from headrace.client.schemas.schedules import construct_schedule
from headrace.exceptions import MissingContextError
from headrace.logging import get_run_logger
from headrace.tracebacks import InAnotherProcess, hide_ours
from headrace.utilities.asyncutils import dispatch
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


def test_what_headrace_raises_on_purpose_ends_at_the_users_call_whatever_its_class() -> None:
    with pytest.raises(ValueError, match="must be provided") as caught:
        construct_schedule()
    hide_ours(caught.value)
    assert len(frames_of(caught.value)) == 1


def test_the_way_to_a_coroutine_and_back_is_hidden() -> None:
    async def wrong() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError) as caught:
        dispatch(wrong(), sync=True)
    hide_ours(caught.value)
    assert frames_of(caught.value)[1:] == ["wrong"]


def test_an_error_of_headraces_that_led_to_another_is_one_line() -> None:
    error = through_ours()
    with pytest.raises(MissingContextError) as caught:
        get_run_logger()
    assert caught.value.__traceback__ is not None
    cause = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    assert frames_of(cause)
    error.__cause__ = cause
    hide_ours(error)
    assert frames_of(cause) == []


def test_a_scripts_own_hook_for_errors_outlives_the_ledgers_schema() -> None:
    program = "import sys; sys.excepthook = print; import headrace_service.api; sys.excepthook('x')"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout == b"x\n"
