"""The page that `GET /graphql` shows: GraphiQL, or a small explorer where the internet is away."""

from __future__ import annotations

from pathlib import Path


def graphiql_page() -> str:
    """The page's HTML."""
    return (Path(__file__).parent / "graphiql.html").read_text(encoding="utf-8")
