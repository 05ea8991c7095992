"""Text as a message of a record; apart from `text`, since records are slow to load."""

from __future__ import annotations

from headrace.records import MAX_TEXT
from headrace.text import clean


def clip(text: str) -> str:
    """`text`, clean, and cut with a marker that tells its full length."""
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}… [cut: the whole is {len(text):,} characters long]"
    return clean(text)
