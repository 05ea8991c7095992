"""The errors: what `except` clauses catch them, and that they travel between processes."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from headrace import exceptions
from headrace.states import Paused

EVERY = [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass)]
ERRORS = [kind for kind in EVERY if issubclass(kind, BaseException)]


def test_the_tree_at_the_top_is_whole() -> None:
    text = inspect.getdoc(exceptions) or ""
    drawn = set(re.findall(r"^[│├└─ ]*([A-Z]\w+)(?: {2}|$)", text, re.M))
    assert drawn == {kind.__name__ for kind in ERRORS}


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (exceptions.ParameterBindError, TypeError),
        (exceptions.SignatureMismatchError, TypeError),
        (exceptions.ReservedArgumentError, TypeError),
        (exceptions.InvalidOption, ValueError),
        (exceptions.InvalidNameError, ValueError),
        (exceptions.MissingContextError, RuntimeError),
        (exceptions.RunTimedOut, TimeoutError),
    ],
)
def test_they_are_caught_as_the_builtin_errors_they_stand_for(
    kind: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(kind, builtin)
    assert issubclass(kind, exceptions.HeadraceException)


@pytest.mark.parametrize("kind", [exceptions.Pause, exceptions.Abort, exceptions.TerminationSignal])
def test_signals_pass_a_user_s_except(kind: type[BaseException]) -> None:
    assert not issubclass(kind, Exception)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ParameterTypeError("bad"),
        exceptions.ServiceError("bad", "NotFound", "input.name"),
        exceptions.ObjectNotFound(ValueError("gone"), "no such block"),
        exceptions.ObjectAlreadyExists(ValueError("taken")),
        exceptions.ScriptError(ValueError("x"), "flow.py"),
        exceptions.PausedRun("not yet", state=Paused()),
        exceptions.TerminationSignal(15),
    ],
)
def test_they_can_be_pickled(error: BaseException) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__.keys() == error.__dict__.keys()
