"""The page that `GET /graphql` shows: GraphiQL, from files that come with the package.

`graphiql/` holds GraphiQL 3.8.3 with React 18.2.0, as their npm packages have them, with their
licences (MIT). The page names the digest of each file; a test compares them.
"""

from __future__ import annotations

from pathlib import Path

#: The folder of the page's scripts and styles, served at `/graphiql`.
GRAPHIQL_FILES = Path(__file__).parent / "graphiql"


def graphiql_page() -> str:
    """The page's HTML."""
    return (Path(__file__).parent / "graphiql.html").read_text(encoding="utf-8")
