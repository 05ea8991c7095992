"""Flows are found in files and modules, by the name they have there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace import Flow, flow
from headrace.deployments.runner import by_value
from headrace.entrypoints import entrypoint_of, load_flow
from headrace.exceptions import InvalidOption, MissingFlowError, UnspecifiedFlowError
from headrace.flows import select_flow

MODULE = "from headrace import flow\n\n@flow\ndef {0}(): return '{0}'\n"


@flow
def standing_here() -> None:
    """A flow at the top of a module."""


def test_a_flow_at_the_top_of_a_module_has_an_entrypoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    assert entrypoint_of(standing_here) == "test_entrypoints.py:standing_here"


def test_a_flow_made_within_a_function_has_none() -> None:
    @flow
    def inner() -> None: ...

    assert entrypoint_of(inner) is None


def test_a_flow_is_loaded_from_a_file_and_from_a_module(tmp_path: Path) -> None:
    (tmp_path / "loaded_file.py").write_text(MODULE.format("first"))
    assert load_flow("loaded_file.py:first", tmp_path).name == "first"
    assert load_flow("loaded_file.first", tmp_path).name == "first"
    assert load_flow("loaded_file:first", tmp_path).name == "first"


def test_a_flow_from_a_source_is_deployed_from_there(tmp_path: Path) -> None:
    (tmp_path / "loaded_source.py").write_text(MODULE.format("first"))
    loaded: Flow[..., object] = Flow.from_source(tmp_path, "loaded_source.py:first")
    assert loaded.name == "first"
    assert loaded.source == (tmp_path, "loaded_source.py:first")
    assert by_value(loaded.to_deployment("d")).entrypoint == "loaded_source.py:first"


@pytest.mark.parametrize(
    "source", ["https://github.com/me/flows", "git@github.com:me/flows.git", "s3://bucket/flows"]
)
def test_a_source_that_would_have_to_be_fetched_is_refused(source: str) -> None:
    with pytest.raises(InvalidOption, match=f"'{source}' is no folder, and headrace clones"):
        Flow.from_source(source, "flows.py:first")


def test_a_file_of_a_package_may_import_its_neighbours(tmp_path: Path) -> None:
    package = tmp_path / "loaded_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.py").write_text("NAME = 'named'\n")
    (package / "flows.py").write_text(
        "from headrace import flow\nfrom .words import NAME\n\n@flow(name=NAME)\ndef f(): ...\n"
    )
    assert load_flow("loaded_package/flows.py:f", tmp_path).name == "named"


@pytest.mark.parametrize(
    ("entrypoint", "kind", "message"),
    [
        ("nowhere.py:f", FileNotFoundError, "There is no file"),
        (
            "loaded_other.py:g",
            MissingFlowError,
            "not found in 'loaded_other.py'. Flows there: other",
        ),
        ("loaded_other.py:flow", MissingFlowError, "'flow' is not a flow"),
        ("loaded_nowhere.f", ModuleNotFoundError, "the module of 'loaded_nowhere.f'"),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, entrypoint: str, kind: type[Exception], message: str
) -> None:
    (tmp_path / "loaded_other.py").write_text(MODULE.format("other"))
    with pytest.raises(MissingFlowError, match=message) as raised:
        load_flow(entrypoint, tmp_path)
    assert isinstance(raised.value, kind)


def test_a_script_is_loaded_without_being_run(tmp_path: Path) -> None:
    script = MODULE.format("quiet") + "\nif __name__ == '__main__':\n    raise SystemExit(3)\n"
    (tmp_path / "loaded_script.py").write_text(script)
    program = "from headrace.entrypoints import load_flow; load_flow('loaded_script.py:quiet')"
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert ended.returncode == 0


def test_a_flow_is_selected_by_its_name_or_as_the_only_one() -> None:
    first, second = flow(name="first")(lambda: 1), flow(name="second")(lambda: 2)
    assert select_flow([first, second], "second") is second
    assert select_flow([first]) is first
    with pytest.raises(UnspecifiedFlowError, match="Found 2 flows in a: 'first' 'second'"):
        select_flow([first, second], from_message="in a")
    with pytest.raises(MissingFlowError, match="Flow 'third' not found"):
        select_flow([first, second], "third")
    with pytest.raises(MissingFlowError, match="No flows found in a"):
        select_flow([], from_message="in a")
