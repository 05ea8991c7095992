"""Texts that are no programs: requirements, settings, shell scripts, documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headrace.migration.openings import Open, advice_for
from headrace.migration.words import (
    INTEGRATIONS,
    PLACEHOLDER,
    VARIABLE,
    Left,
    Rewritten,
    has_counterpart,
    renamed,
    speaks_of_prefect,
)

#: Commands of `prefect` that `headrace` has under the same name.
_COMMANDS = (
    "automation|concurrency-limit|config|deployment|flow-run|gcl|global-concurrency-limit|"
    "server|variable|version|work-pool|work-queue|worker"
)

_RULES = re.compile(
    "|".join(
        [
            rf"(?<![A-Za-z0-9_]){VARIABLE.pattern}",
            # An import, also in a document or a notebook.
            r"(?m:^[ \t>.\"]*(?:from|import)[ \t]+prefect(?:_dask)?(?:\.\w+)*(?=\s|\\n|[\",]))",
            # A requirement with its version, which says nothing about headrace, or one alone.
            r"(?P<requirement>(?<![\w./-])prefect(?P<extras>\[[^\]\n]*\])?[ \t]*"
            r"(?:(?:===?|~=|!=|<=|>=|<|>)[ \t]*[\w.*+!-]+[ \t]*,?[ \t]*)+(?=$|[\s\"';#,]))",
            r"(?m:^[ \t]*[\"']?prefect(?:\[[^\]\n]*\])?[\"']?(?=[ \t]*(?:[;#,].*)?$))",
            rf"(?<![\w./-])prefect(?=[ \t]+(?:{_COMMANDS})\b)",
            r"(?<=-m )prefect(?![\w-])",
            r"(?P<dotted>(?<![\w./-])prefect(?:_\w+)?(?:\.[A-Za-z_]\w*)+)",
        ]
    )
)

_INTEGRATION = re.compile(rf"(?<![\w./-])prefect-(?:{'|'.join(sorted(INTEGRATIONS))})\b")


def rewrite_text(text: str) -> Rewritten:
    """A text with what is certainly Prefect's in it rewritten, line by line."""
    lines = text.splitlines(keepends=True)
    after = [PLACEHOLDER.sub(r"\1headrace", _RULES.sub(_replacement, line)) for line in lines]
    left = [
        Left(number, line.strip())
        for number, line in enumerate(after, 1)
        if speaks_of_prefect(_INTEGRATION.sub("", line))
    ]
    return Rewritten("".join(after), left)


def integrations(text: str) -> Iterator[Open]:
    """Requirements of integration packages, which stay as they are: no package is ours."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _INTEGRATION.finditer(line):
            advice = "headrace[dask] has it" if found.group() == "prefect-dask" else None
            yield Open(number, found.group(), advice or advice_for("prefect_"))


def _replacement(found: re.Match[str]) -> str:
    if found["requirement"]:
        return f"headrace{found['extras'] or ''}"
    if found["dotted"] and not has_counterpart(found["dotted"]):
        return found["dotted"]
    return renamed(found.group())
