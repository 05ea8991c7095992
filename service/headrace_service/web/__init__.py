"""The page that `GET /graphql` shows: GraphiQL, from files that come with the package.

`graphiql/` holds GraphiQL 3.8.3 with React 18.2.0, as their npm packages have them, with their
licences (MIT). The page names the digest of each file; a test compares them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

#: The folder of the page's scripts and styles, served at `/graphiql`.
GRAPHIQL_FILES = Path(__file__).parent / "graphiql"


def graphiql_page() -> str:
    """The page's HTML."""
    return (Path(__file__).parent / "graphiql.html").read_text(encoding="utf-8")


def graphiql_policy() -> str:
    """What a browser lets the page do: run the files beside it and its one script, ask its service.

    The styles are the editor's, which makes some as it goes.
    """
    script = re.search(r"<script>(.*?)</script>", graphiql_page(), re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' "
        "'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
