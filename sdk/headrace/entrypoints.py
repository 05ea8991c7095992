"""Where a flow is found: `path/to/file.py:flow` or `package.module.flow`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from headrace.definitions import Definition
from headrace.exceptions import MissingFlowError, MissingFlowFile, MissingFlowModule
from headrace.logging import get_logger

#: The script that is being loaded for one of its flows, if one is.
_loading: ContextVar[str | None] = ContextVar("headrace_loading", default=None)


def is_loading(action: str) -> bool:
    """Whether this code belongs to a script that is being loaded for one of its flows.

    Such a script is not being run: were it to serve its flows, as one does that has no
    `if __name__ == "__main__"` around it, each of their runs would serve them once more.

    Args:
        action: what the script asks for, for the log line that says that it is left out.
    """
    script = _loading.get()
    if script is None:
        return False
    get_logger("entrypoints").warning(
        "%s is loaded to run a flow of it, so %s does nothing; put it under "
        '`if __name__ == "__main__":`',
        script,
        action,
    )
    return True


def entrypoint_of(flow: Definition) -> str | None:
    """The file of a flow and its name there; None when it is not found by a name in a file.

    So it is with a flow that was made within a function, or in an interactive session.
    """
    module = sys.modules.get(flow.fn.__module__)
    path = getattr(module, "__file__", None)
    if module is None or path is None or not Path(path).is_file():
        return None
    own = getattr(flow.fn, "__name__", "")
    names = [own, *(name for name, value in vars(module).items() if value is flow)]
    for name in names:
        found: Any = getattr(module, name, None)
        if is_flow(found) and found.fn is flow.fn:
            return f"{_shown(Path(path))}:{name}"
    return None


def load_flow(entrypoint: str, folder: Path | None = None) -> Definition:
    """The flow that an entrypoint leads to.

    Args:
        entrypoint: `path/to/file.py:flow`, `package.module:flow` or `package.module.flow`.
        folder: what the path is relative to, and where modules are looked for; by default here.

    Raises:
        MissingFlowError: there is no flow there; the message says what is.
    """
    token = _loading.set(entrypoint)
    try:
        return _load_flow(entrypoint, Path.cwd() if folder is None else folder)
    finally:
        _loading.reset(token)


def _load_flow(entrypoint: str, base: Path) -> Definition:
    _look_in(base)
    path, colon, name = entrypoint.rpartition(":")
    if colon and (path.endswith(".py") or (base / path).is_file()):
        module = _load_file(base / path, entrypoint)
    else:
        if not colon:
            path, _, name = entrypoint.rpartition(".")
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            raise MissingFlowModule(
                f"Cannot import the module of {entrypoint!r}: {error}", name=error.name
            ) from error
        except ImportError as error:
            raise MissingFlowError(
                f"Cannot import the module of {entrypoint!r}: {error}"
            ) from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not is_flow(found):
        flows = _flows_of(module)
        there = f" Flows there: {', '.join(flows)}." if flows else ""
        if found is not None:
            raise MissingFlowError(
                f"Function with name {name!r} is not a flow. Make sure that it is decorated with "
                f"'@flow'.{there}"
            )
        raise MissingFlowError(f"Flow function with name {name!r} not found in {path!r}.{there}")
    return cast(Definition, found)


def is_flow(value: object) -> bool:
    """Whether something is a flow."""
    return isinstance(value, Definition) and value.kind == "flow"


def _load_file(path: Path, entrypoint: str) -> ModuleType:
    path = path.resolve()
    if not path.is_file():
        raise MissingFlowFile(f"There is no file {path}, which {entrypoint!r} names")
    root, name = path.parent, path.stem
    while (root / "__init__.py").is_file():  # a module of a package may import its neighbours
        name = f"{root.name}.{name}"
        root = root.parent
    _look_in(root)
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if all(part.isidentifier() for part in name.split(".")):
        found = importlib.util.find_spec(name) if "." not in name else None
        if "." in name or (found is not None and found.origin == str(path)):
            return importlib.import_module(name)
    # Its name is taken by another module, or is none.
    spec = importlib.util.spec_from_file_location(f"headrace_flow_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _flows_of(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if is_flow(value)]


def _shown(path: Path) -> str:
    """A path as it is seen from here, if it is below."""
    path, here = path.resolve(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
