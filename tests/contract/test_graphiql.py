"""GraphiQL comes with the package, unchanged, and needs nothing from the internet."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from headrace_service.web import GRAPHIQL_FILES, graphiql_page

FILES = re.findall(r'(?:src|href)="graphiql/([^"]+)"\s+integrity="sha384-([^"]+)"', graphiql_page())


@pytest.mark.parametrize(("name", "digest"), FILES)
def test_a_file_is_the_one_that_was_released(name: str, digest: str) -> None:
    content = (GRAPHIQL_FILES / name).read_bytes()
    assert base64.b64encode(hashlib.sha384(content).digest()).decode() == digest


def test_every_file_is_named_in_the_page_or_is_a_licence() -> None:
    there = {path.name for path in GRAPHIQL_FILES.iterdir()}
    assert there - {name for name, _ in FILES} == {"LICENSE.graphiql", "LICENSE.react"}


def test_the_page_loads_nothing_from_elsewhere() -> None:
    assert "//" not in graphiql_page().replace("<!doctype", "").split("<script>")[0]
