"""The filter language of the lists: `state:failed flow:etl !tag:nightly text`.

Words stand side by side and must all hold. `key:value` looks at one property, with commas for
"any of" (`state:failed,crashed`); `!` before a word turns it around; a bare word is looked for in
names. Case does not matter. What is not understood is told, and filters nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from headrace_tui.models import TROUBLE, Run

#: The keys, and what each looks at.
KEYS = {
    "state": "the state's type or name, from its beginning: failed, run, awaitingretry",
    "flow": "the flow's name",
    "task": "the task's name",
    "name": "the run's own name",
    "tag": "a tag, whole",
    "id": "the run's id, from its beginning",
    "is": "`failed` (failed or crashed), `live` (not ended), `sub` (part of another run)",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter. `key` is empty for a bare one."""

    key: str
    values: tuple[str, ...]
    inverse: bool

    def accepts(self, run: Run) -> bool:
        """Whether `run` passes."""
        return any(_holds(self.key, value, run) for value in self.values) != self.inverse


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person typed, understood. An empty one lets everything pass."""

    words: tuple[Word, ...] = ()
    trouble_only: bool = False
    complaint: str = ""

    def accepts(self, run: Run) -> bool:
        """Whether `run` is to be shown."""
        if self.trouble_only and run.state.type not in TROUBLE:
            return False
        return all(word.accepts(run) for word in self.words)

    def __bool__(self) -> bool:
        return bool(self.words) or self.trouble_only


def parse(text: str, *, trouble_only: bool = False) -> Filter:
    """Read a filter. A key whose value is yet to be typed filters nothing.

    Example:
        >>> parse("state:failed nightly").accepts  # doctest: +ELLIPSIS
        <bound method Filter.accepts of ...>
    """
    words: list[Word] = []
    complaint = ""
    for token in text.split():
        inverse = token.startswith("!")
        token = token.removeprefix("!").casefold()
        key, colon, value = token.partition(":")
        if not colon:
            key, value = "", token
        elif key not in KEYS:
            complaint = f"no key {key!r}, see ?"
            continue
        values = tuple(part for part in value.split(",") if part)
        if values:
            words.append(Word(key, values, inverse))
    return Filter(tuple(words), trouble_only, complaint)


def _holds(key: str, value: str, run: Run) -> bool:
    match key:
        case "state":
            types = run.state.type.casefold(), run.state.name.casefold()
            return any(word.startswith(value) for word in types)
        case "flow" | "task":
            return run.kind == key and value in run.group.casefold()
        case "name":
            return value in run.name.casefold()
        case "tag":
            return value in (tag.casefold() for tag in run.tags)
        case "id":
            return run.id.startswith(value)
        case "is":
            return _is(value, run)
    return value in run.name.casefold() or value in run.group.casefold()


def _is(value: str, run: Run) -> bool:
    match value:
        case "failed":
            return run.state.type in TROUBLE
        case "live":
            return not run.is_over
        case "sub":
            return run.parent_id is not None and run.kind == "flow"
    return False
