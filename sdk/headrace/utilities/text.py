"""Short forms of texts, and the nearest of several."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def truncated_to(length: int, value: str | None) -> str:
    """The text, or its beginning and its end, of `length` characters together, if it is longer.

    What was left out is counted between them; where that would save nothing, nothing is left out.
    """
    if not value or len(value) <= length:
        return value or ""
    half = length // 2
    beginning, end = value[:half], value[-half:]
    omitted = len(value) - len(beginning) - len(end)
    short = f"{beginning}...{omitted} additional characters...{end}"
    return short if len(short) < len(value) else value


def fuzzy_match_string(
    word: str, possibilities: Iterable[str], *, n: int = 1, cutoff: float = 0.6
) -> str | None:
    """The one of `possibilities` that is most like `word`, if one is at least `cutoff` like it.

    Args:
        word: what somebody has written.
        possibilities: what there is.
        n: how many are looked at in the end; programs written for Prefect give it.
        cutoff: from 0, anything, to 1, the same.
    """
    return next(iter(difflib.get_close_matches(word, list(possibilities), n, cutoff)), None)
