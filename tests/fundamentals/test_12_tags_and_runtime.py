"""Code can ask about the run that it is in, and runs can be given tags from around them."""

from __future__ import annotations

import json

import pytest

from headrace import flow, runtime, tags, task
from headrace.context import TagsContext, get_run_context
from headrace.exceptions import MissingContextError
from tests.run_kit import Book


@task(tags=["own"])
def about(number: int) -> tuple[str | None, list[str], dict[str, object]]:
    run = runtime.task_run
    return run.task_name, run.tags, run.parameters


@flow(name="child", flow_run_name="child of {parent}")
def child(parent: str) -> tuple[str, str, str]:
    run = runtime.flow_run
    return run.name, run.parent_flow_run_id, run.root_flow_run_id


def test_the_run_tells_about_itself(book: Book) -> None:
    @flow
    def parent(number: int) -> None:
        own = runtime.flow_run
        assert (own.flow_name, own.parameters, own.run_count) == ("parent", {"number": 3}, 1)
        assert about(number) == ("about", ["own"], {"number": 3})
        assert child("me") == ("child of me", own.id, own.id)
        assert runtime.deployment.parameters == {"number": "3"}  # as they were passed

    parent("3")  # type: ignore[call-overload]
    assert [run["name"] for run in book.flow_runs()][1] == "child of me"


def test_outside_of_runs_there_is_nothing() -> None:
    assert (runtime.flow_run.id, runtime.flow_run.parameters, runtime.task_run.tags) == (
        None,
        {},
        [],
    )
    with pytest.raises(AttributeError, match=r"headrace.runtime.flow_run has no attribute 'nope'"):
        _ = runtime.flow_run.nope
    with pytest.raises(MissingContextError, match="No run context available"):
        get_run_context()


def test_the_environment_replaces_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE__RUNTIME__FLOW_RUN__RUN_COUNT", "7")
    monkeypatch.setenv("HEADRACE__RUNTIME__DEPLOYMENT__NAME", "nightly")
    monkeypatch.setenv("HEADRACE__RUNTIME__FLOW_RUN__PARAMETERS", "{}")
    assert (runtime.flow_run.run_count, runtime.deployment.name) == (7, "nightly")
    with pytest.raises(ValueError, match="use monkeypatch instead"):
        _ = runtime.flow_run.parameters


def test_tags_from_around(book: Book) -> None:
    @flow(tags=["flow"])
    def tagged() -> None:
        with tags("inner"):
            assert about.submit(1).result()[1] == ["inner", "outer", "own"]
        assert about(1)[1] == ["outer", "own"]

    with tags("outer") as current:
        assert current == TagsContext.get().current_tags == {"outer"}
        tagged()
    assert TagsContext.get().current_tags == set()
    assert json.loads(book.flow_runs()[0]["tags"]) == ["flow", "outer"]
