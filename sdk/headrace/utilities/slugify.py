"""Texts as they stand in addresses."""

from __future__ import annotations

import re
import unicodedata


def slugify(text: str) -> str:
    """A text in lowercase letters, digits and dashes: `"Hello World!"` is `hello-world`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
