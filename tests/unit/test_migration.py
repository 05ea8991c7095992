"""From Prefect's programs to headrace's: the substitution, and what it leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.migration import open_points, substitute


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from prefect import flow", "from headrace import flow"),
        ("PrefectFuture", "HeadraceFuture"),
        ("PREFECT_API_URL", "HEADRACE_API_URL"),
        ("prefect_test_harness", "headrace_test_harness"),
        ("prefect deployment run 'a/b'", "headrace deployment run 'a/b'"),
        ("prefect==3.9.1", "headrace"),
        ('dependencies = ["prefect>=3,<4", "x"]', 'dependencies = ["headrace", "x"]'),
        ("prefect[aws]~=3.0 ; python_version > '3'", "headrace[aws]; python_version > '3'"),
        ("if prefect == other:", "if headrace == other:"),
        ("see https://docs.prefect.io/v3/x", "see https://docs.prefect.io/v3/x"),
        (
            "git+https://github.com/PrefectHQ/prefect@main",
            "git+https://github.com/PrefectHQ/prefect@main",
        ),
        ('load("s3://prefect-prod/data")', 'load("s3://prefect-prod/data")'),
        ("PrEfEcT", "headrace"),
        ("nothing here\r\n", "nothing here\r\n"),
    ],
)
def test_the_word_is_replaced_and_its_case_kept(before: str, after: str) -> None:
    assert substitute(before) == after


@given(st.text())
def test_text_without_the_word_stays(text: str) -> None:
    if "prefect" not in text.lower():
        assert substitute(text) == text


def test_what_has_no_counterpart_is_named_with_its_line() -> None:
    source = """\
import headrace
from headrace import flow, nonsense
from headrace.server.schemas import core
from headrace_aws import S3Bucket

@flow
def f(): headrace.get_run_logger(); headrace.nothing()
"""
    assert [(point.line, point.name) for point in open_points(source)] == [
        (2, "headrace.nonsense"),
        (3, "headrace.server.schemas.core"),
        (4, "headrace_aws.S3Bucket"),
        (7, "headrace.nothing"),
    ]
    assert "headrace.client.schemas.objects has State" in open_points(source)[1].advice
    assert "use the library itself" in open_points(source)[2].advice


def test_a_program_that_cannot_be_parsed_says_so() -> None:
    (point,) = open_points("def broken(:\n")
    assert point.name == "syntax error"


def test_names_of_submodules_count() -> None:
    assert open_points("from headrace import states, exceptions\nfrom os import path\n") == []
