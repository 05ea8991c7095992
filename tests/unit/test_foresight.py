"""What is wrong with a deployment's parameters is told before a run fails for it."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from headrace import flow
from headrace.deployments.foresight import misfits, without_effect
from headrace.exceptions import InvalidOption
from headrace.runner import Runner
from headrace.schedules import Cron

NO_INTEGER = "n: Input should be a valid integer, unable to parse string as an integer"


@flow
def double(n: int, city: str = "Bonn") -> int:
    return 2 * n


@flow(validate_parameters=False)
def trusting(n: int) -> int:
    return 2 * n


def told(which: Any = double, **options: Any) -> list[str]:
    made = which.to_deployment("d", _sync=True, **options)
    return list(misfits(which, made.parameters, made.schedules))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"parameters": {"n": 1}, "cron": "0 8 * * *"},
        {"parameters": {"n": "5"}},
        {"schedule": Cron("0 8 * * *", parameters={"n": 1})},
    ],
)
def test_what_fits_or_may_still_be_given_is_no_matter(options: dict[str, Any]) -> None:
    assert told(**options) == []


def test_values_that_do_not_fit_are_named() -> None:
    wrong = told(parameters={"n": "x", "town": 1}, interval=60)
    assert wrong == [
        f"its parameters do not fit the flow: town: the flow has no such parameter; {NO_INTEGER}"
    ]
    assert told(trusting, parameters={"n": "x"}) == []


def test_schedules_whose_runs_would_fail_are_named() -> None:
    assert told(cron="0 8 * * *") == [
        "runs of its schedule cron '0 8 * * *' will fail: n: it has no value"
    ]
    late = Cron("0 9 * * *", slug="late", parameters={"n": "x"})
    assert told(schedules=[late], parameters={"n": 1}) == [
        f"runs of its schedule 'late' (cron '0 9 * * *') will fail: {NO_INTEGER}"
    ]


def test_job_variables_that_nobody_heeds_are_named() -> None:
    assert list(without_effect({"env": {"A": "1"}})) == []
    assert list(without_effect({"env": {}, "nope": 1, "image": "x"})) == [
        "its job variables 'nope', 'image' have no effect; 'env' alone has one"
    ]


def test_a_description_that_makes_no_sense_is_refused_in_few_words() -> None:
    with pytest.raises(pydantic.ValidationError, match='Invalid cron string: "bad"') as refused:
        double.to_deployment("d", cron="bad", _sync=True)
    assert "https://" not in str(refused.value)


@pytest.mark.parametrize("limit", [0, -1, "x"])
def test_a_limit_that_lets_nothing_run_is_refused_before_anything_is_made_known(limit: Any) -> None:
    with pytest.raises(InvalidOption, match="use 1 or more, or None"):
        Runner(limit=limit)
