"""Finding things by their names, and names of things."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from headrace.exceptions import ScriptError


def to_qualified_name(obj: Any) -> str:
    """The name that an object is imported by, such as `package.module.Class`."""
    return f"{obj.__module__}.{obj.__qualname__}"


def from_qualified_name(name: str) -> Any:
    """The module, or the attribute of a module, of that name.

    Raises:
        ImportError: there is no such module.
        AttributeError: there is no such attribute in it.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        if not module:
            raise
    return getattr(importlib.import_module(module), attribute)


def load_module(module_name: str) -> ModuleType:
    """Import a module, which may stand in the current folder."""
    with _looking_in(os.getcwd()):
        return importlib.import_module(module_name)


def load_script_as_module(path: str) -> ModuleType:
    """Execute a script, which may import its neighbours, and return it as a module.

    Raises:
        ValueError: it is no file of Python.
        ScriptError: it raised; the error has what it raised.
    """
    if not path.endswith(".py"):
        raise ValueError(f"The provided path does not point to a python file: {path!r}")
    name = Path(path).stem
    if name in sys.modules:  # another module has the name
        name = f"__headrace_loader_{Path(path).resolve()}__"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _looking_in(os.getcwd()), _looking_in(str(Path(path).resolve().parent)):
            spec.loader.exec_module(module)
    except Exception as error:
        raise ScriptError(user_exc=error, path=path) from error
    return module


def import_object(import_path: str) -> Any:
    """What stands at `module.name`, `module:name` or `path/to/script.py:name`.

    Raises:
        ValueError: the path is of none of these forms.
        ImportError, AttributeError, ScriptError: there is nothing, or the script raised.
    """
    place, _, name = import_path.rpartition(":" if ":" in import_path else ".")
    if not place:
        raise ValueError(f"Invalid format for object import. Received {import_path!r}.")
    found: Any = load_script_as_module(place) if place.endswith(".py") else load_module(place)
    for part in name.split("."):
        found = getattr(found, part)
    return found


class _Missing(ModuleType):
    """Stands for a module that is not there."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name)
        self._message = message

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise ModuleNotFoundError(self._message)


def lazy_import(
    name: str, error_on_import: bool = False, help_message: str | None = None
) -> ModuleType:
    """A module that is loaded when something of it is first asked for.

    Args:
        name: the module's name.
        error_on_import: whether a missing module is told of now, and not when it is used.
        help_message: what to say of a missing one, besides its name.

    Raises:
        ModuleNotFoundError: it is missing, and that is to be told of now.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        message = f"No module named '{name}'.\n{help_message}"
        if error_on_import:
            raise ModuleNotFoundError(message)
        return _Missing(name, message)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _looking_in(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
