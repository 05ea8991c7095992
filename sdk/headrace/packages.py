"""The installed packages that pickled code refers to, and how those here differ from them."""

from __future__ import annotations

import importlib.metadata
import pickletools
import sys
from collections.abc import Mapping

#: Packages that code always finds in the form that it needs.
_OURS = ("headrace", "cloudpickle")


def packages_of(content: bytes) -> dict[str, str]:
    """The versions of the installed packages that a pickle names modules of, by their names."""
    named = {
        argument.partition(".")[0]
        for _, argument, _ in pickletools.genops(content)
        if isinstance(argument, str) and argument in sys.modules
    }
    homes = importlib.metadata.packages_distributions()
    found = {name for module in named for name in homes.get(module, ()) if name not in _OURS}
    return {name: importlib.metadata.version(name) for name in sorted(found)}


def differences(wanted: Mapping[str, str]) -> list[str]:
    """What is missing here of packages of these versions, or has another one; a phrase for each."""
    found = []
    for name, version in wanted.items():
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} {version} is not installed here")
            continue
        if here != version:
            found.append(f"{name} was {version} there and is {here} here")
    return found
