"""What is looked at before a request is: names, pages, and what browsers are told."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from headrace_service.app import create_app
from headrace_service.guard import HEADERS
from headrace_service.ledger import Ledger
from headrace_service.reach import Reach
from headrace_service.settings import ServiceSettings
from headrace_service.web import graphiql_page, graphiql_policy

HERE = Reach()
PROXIED = Reach(allowed_hosts=("flows.example.org",))
OPEN = Reach("0.0.0.0")
OPEN_BY_NAME = Reach("0.0.0.0", ("flows.example.org",))


@pytest.mark.parametrize(
    ("name", "answered"),
    [
        ("localhost", (True, True, True, True)),
        ("127.0.0.1", (True, True, True, True)),
        ("::1", (True, True, True, True)),
        ("flows.example.org", (False, True, True, True)),
        ("FLOWS.example.org", (False, True, True, True)),
        ("evil.example", (False, False, True, False)),
        ("localhost.evil.example", (False, False, True, False)),
        ("", (False, False, True, False)),
    ],
)
def test_which_names_are_answered_to(name: str, answered: tuple[bool, ...]) -> None:
    assert (
        tuple(reach.answers_to(name) for reach in (HERE, PROXIED, OPEN, OPEN_BY_NAME)) == answered
    )


@pytest.mark.parametrize(
    ("origin", "host", "trusted"),
    [
        ("http://localhost:4200", "localhost:4200", (True, True, True)),
        ("http://localhost:3000", "localhost:4200", (True, False, False)),
        ("https://flows.example.org", "flows.example.org", (True, True, True)),
        ("https://flows.example.org", "localhost:4200", (False, True, False)),
        ("https://flows.example.org.evil.example", "flows.example.org", (False, False, False)),
        ("https://evil.example", "localhost:4200", (False, False, False)),
        ("null", "localhost:4200", (False, False, False)),
        ("", "localhost:4200", (False, False, False)),
        ("http://[", "localhost:4200", (False, False, False)),
    ],
)
def test_which_pages_may_ask(origin: str, host: str, trusted: tuple[bool, ...]) -> None:
    assert tuple(reach.trusts(origin, host) for reach in (HERE, PROXIED, OPEN)) == trusted


def test_what_the_settings_say_of_it() -> None:
    settings = ServiceSettings(host="127.0.0.1", allowed_hosts="a.example, b.example,")
    assert Reach.of(settings).allowed_hosts == ("a.example", "b.example")
    assert Reach.of(settings).is_exposed
    assert not Reach.of(ServiceSettings()).is_exposed


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    ledger = Ledger.open(tmp_path / "ledger.db")
    transport = httpx.ASGITransport(create_app(ledger))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4200") as asking:
        yield asking
    ledger.close()


async def test_a_page_of_another_site_asks_for_nothing(client: httpx.AsyncClient) -> None:
    body = {"query": "{ __typename }"}
    for origin, status in (
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost:4200", 200),
    ):
        answer = await client.post("/graphql", json=body, headers={"Origin": origin})
        assert answer.status_code == status
        assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await client.options("/graphql", headers=preflight)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/graphql", "/graphiql/graphiql.min.js", "/nothing"])
async def test_answers_tell_browsers_what_they_are(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    for name in HEADERS:
        assert name.lower() in answer.headers
    assert ("script-src" in answer.headers["content-security-policy"]) == (path == "/graphql")


def test_the_page_may_run_its_own_script_and_no_other() -> None:
    page, policy = graphiql_page(), graphiql_policy()
    assert page.count("<script>") == 1
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == f"script-src 'self' 'sha256-{digest}'"


def test_the_page_may_load_what_it_names_and_nothing_else() -> None:
    page = graphiql_page()
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(name.startswith("graphiql/") or name == "data:," for name in named)
    assert "<style>" in page
    assert 'new URL("graphql", location.href)' in page  # all that it asks is its own service
    others = [part for part in graphiql_policy().split("; ") if not part.startswith("script-src")]
    assert others == [
        "default-src 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
