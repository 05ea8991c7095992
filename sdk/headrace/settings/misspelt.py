"""Variables of the environment that are nearly, but not quite, a setting's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

from headrace.settings.reading import ALIASES, READERS

_PREFIX = "HEADRACE_"
#: What others read: the service's settings, and what runs are told by their hosts.
_OTHERS = (f"{_PREFIX}SERVER_", f"{_PREFIX}_")
#: How alike two names are of which one is taken for the other; 1 is the same.
_ALIKE = 0.85
#: Those that this process has told of.
_told: set[str] = set()


def misspelt(
    environment: Iterable[str], known: Iterable[str] | None = None, prefix: str = _PREFIX
) -> Iterator[tuple[str, str]]:
    """The variables that are no setting, but nearly one; each with the one that was likely meant.

    Args:
        environment: the names of the environment's variables.
        known: the settings' names behind the prefix; None is those of programs.
        prefix: with what these settings begin.
    """
    names = {name.upper() for name in (known or (*READERS, *ALIASES))}
    unknown = [
        name
        for name in environment
        if name.startswith(prefix) and name.removeprefix(prefix) not in names
    ]
    if prefix == _PREFIX:
        unknown = [name for name in unknown if not name.startswith(_OTHERS)]
    if not unknown:
        return
    for name in unknown:
        if near := _nearest(name.removeprefix(prefix), names):
            yield name, f"{prefix}{near}"


def _nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of the names that is meant by another; None if it is like none of them."""
    import difflib  # only who may have mistyped something pays for it

    # A program's own variables may build on a setting's name: API_URL_2, DATABASES.
    names = [each for each in names if not (name.startswith(each) or each.startswith(name))]
    for each in names:
        if sorted(each) == sorted(name):  # letters have changed places
            return each
    return next(iter(difflib.get_close_matches(name, names, 1, _ALIKE)), None)


def tell_of_misspelt(found: Iterable[tuple[str, str]]) -> None:
    """Say of each misspelt variable, once, in a line on standard error, that it has no effect.

    Processes of a pool say nothing, nor do those with variables of a run (HEADRACE__…): what
    started them has said it. Nor is it said at a prompt where a name is completed.
    """
    pools = sys.modules.get("multiprocessing.process")
    if sys.stderr is None or (pools is not None and pools.parent_process() is not None):
        return
    if any(each.startswith((f"{_PREFIX}_", "_HEADRACE_COMPLETE")) for each in os.environ):
        return
    for name, meant in found:
        if name not in _told:
            _told.add(name)
            with suppress(OSError, ValueError):  # a closed or full stream is no reason to end
                print(f"Warning: {name} is no setting; {meant} is one.", file=sys.stderr)
