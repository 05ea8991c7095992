"""From Prefect's programs to headrace's: what is rewritten, and what that leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.migration import integrations, open_points, rewrite_program, rewrite_text

IMPORTS = """\
import prefect
import prefect as pf
from prefect.futures import PrefectFuture
from prefect.testing.utilities import prefect_test_harness
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from prefect import flow", "from headrace import flow"),
        ("import prefect.futures as f", "import headrace.futures as f"),
        (
            "from prefect import (\n    flow,\n    task)\r\n",
            "from headrace import (\n    flow,\n    task)\r\n",
        ),
        ("from prefect_dask import DaskTaskRunner", "from headrace_dask import DaskTaskRunner"),
        (
            "def f(x: 'PrefectFuture[int]') -> PrefectFuture: ...",
            "def f(x: 'HeadraceFuture[int]') -> HeadraceFuture: ...",
        ),
        ("prefect.flow(prefect_test_harness())", "headrace.flow(headrace_test_harness())"),
        ("pf.exceptions.PrefectException", "pf.exceptions.HeadraceException"),
        ("f'{prefect.__version__}'", "f'{headrace.__version__}'"),
        ("prefect.settings.PREFECT_API_URL", "headrace.settings.HEADRACE_API_URL"),
        ("os.environ['PREFECT_API_URL']", "os.environ['HEADRACE_API_URL']"),
        ("env(PREFECT_API_URL=1)", "env(HEADRACE_API_URL=1)"),
        ("patch('prefect.flows.Flow.__call__')", "patch('headrace.flows.Flow.__call__')"),
        ("__all__ = ['PrefectFuture']", "__all__ = ['HeadraceFuture']"),
        ("getLogger('prefect')", "getLogger('headrace')"),
        ("getLogger('prefect.mine')", "getLogger('headrace.mine')"),
        ("{'prefect.resource.id': 'x'}", "{'headrace.resource.id': 'x'}"),
        ("expect={'prefect.flow-run.Completed'}", "expect={'headrace.flow-run.Completed'}"),
        ("f'prefect.flow-run.{run.id}'", "f'headrace.flow-run.{run.id}'"),
        ("'{{ prefect.variables.x }}'", "'{{ headrace.variables.x }}'"),
    ],
)
def test_what_is_prefects_in_a_program_is_rewritten(before: str, after: str) -> None:
    result = rewrite_program(IMPORTS + before)
    assert result.text.splitlines(keepends=True)[4:] == after.splitlines(keepends=True)
    assert not result.left


@pytest.mark.parametrize(
    "line",
    [
        "load('s3://prefect-prod/data')",
        "query('select * from prefect.runs')",
        "table('prefect.runs')",
        "@flow(name='nightly-prefect-load')\ndef f(): ...",
        "tags = ['prefect']",
        "f'of prefect {x}'",
        "f\"{d['prefect']}\"",
        "x: Literal['prefect']",
    ],
)
def test_a_string_that_may_be_data_is_left_and_named(line: str) -> None:
    result = rewrite_program(IMPORTS + line)
    assert result.text.endswith(line)
    (left,) = result.left
    assert (left.line, "prefect" in left.text) == (5, True)


@pytest.mark.parametrize(
    "line",
    [
        "prefect_count = 3\nprint(prefect_count)",
        "from prefect_utils import load\nload()",
        "import prefect_aws\nprefect_aws.S3Bucket.load('x')",
        "PREFECT_BUCKET = 3\nprint(PREFECT_BUCKET)",
        "from prefect_tools import prefect_thing\nprefect_thing()",
        "from .prefect import x",
        "def f(prefect_path): return prefect_path",
        "call(prefect=1)",
        "self.prefect_x = other.prefect_y",
        "# prefect does it",
        "def f():\n    'prefect does it'",
        "see('https://docs.prefect.io/v3/x')",
    ],
)
def test_what_is_the_users_own_stays(line: str) -> None:
    result = rewrite_program(IMPORTS + line)
    assert result.text.endswith(line)
    assert not result.left


def test_names_of_a_star_import_are_prefects_unless_the_program_has_them() -> None:
    source = "from prefect.futures import *\nprefect_x = PrefectFuture"
    assert rewrite_program(source).text.endswith("\nprefect_x = HeadraceFuture")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("prefect==3.9.1", "headrace"),
        ("prefect", "headrace"),
        ('dependencies = ["prefect>=3,<4", "x"]', 'dependencies = ["headrace", "x"]'),
        ("prefect[aws]~=3.0 ; python_version > '3'", "headrace[aws]; python_version > '3'"),
        ("export PREFECT_HOME=/x", "export HEADRACE_HOME=/x"),
        ("prefect deployment run 'a/b'", "headrace deployment run 'a/b'"),
        ("python -m prefect config view", "python -m headrace config view"),
        ("    >>> from prefect import flow", "    >>> from headrace import flow"),
        ('  "from prefect import flow\\n",', '  "from headrace import flow\\n",'),
        ("entry: prefect.flows.load", "entry: prefect.flows.load"),
        ("see https://docs.prefect.io/v3/x", "see https://docs.prefect.io/v3/x"),
        ("nothing here\r\n", "nothing here\r\n"),
    ],
)
def test_what_is_certainly_prefects_in_a_text_is_rewritten(before: str, after: str) -> None:
    assert rewrite_text(before).text == after


def test_the_rest_of_a_text_is_left_and_named() -> None:
    text = "a\nimage: prefecthq/prefect:3\nPREFECT_API_URL=http://prefect-host\n"
    assert [left.line for left in rewrite_text(text).left] == [2, 3]


@given(st.text())
def test_text_without_the_word_stays(text: str) -> None:
    if "prefect" not in text.lower():
        assert rewrite_text(text).text == text
        assert rewrite_program(text).text == text


def test_integration_packages_stay_and_are_named() -> None:
    assert not rewrite_text("prefect-aws\n").left
    (point,) = integrations("requests\nprefect-aws\n")
    assert (point.line, point.name, "use the library itself" in point.advice) == (
        2,
        "prefect-aws",
        True,
    )


def test_what_has_no_counterpart_is_named_with_its_line() -> None:
    source = """\
import headrace
from headrace import flow, nonsense
from headrace.server.schemas import core
from prefect_aws import S3Bucket

@flow
def f(): headrace.get_run_logger(); headrace.nothing()
"""
    assert [(point.line, point.name) for point in open_points(source)] == [
        (2, "headrace.nonsense"),
        (3, "headrace.server.schemas.core"),
        (4, "prefect_aws.S3Bucket"),
        (7, "headrace.nothing"),
    ]
    assert "headrace.client.schemas.objects has State" in open_points(source)[1].advice
    assert "use the library itself" in open_points(source)[2].advice


def test_a_program_that_cannot_be_parsed_says_so() -> None:
    (point,) = open_points("def broken(:\n")
    assert point.name == "syntax error"


def test_names_of_submodules_count() -> None:
    assert open_points("from headrace import states, exceptions\nfrom os import path\n") == []
