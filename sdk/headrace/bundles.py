"""A flow's code by value, to be sent to where it is to run.

What the flow is made of travels along: functions and classes of its script or session, and of
modules of the user's project, which stand in no place where packages are installed. Installed
packages do not: they have to be installed at the other end, too.
"""

from __future__ import annotations

import io
import linecache
import pickle
import platform
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

import cloudpickle  # type: ignore[import-untyped]  # it brings no types

from headrace.definitions import Definition
from headrace.entrypoints import is_flow
from headrace.exceptions import BundleError
from headrace.logging import get_logger
from headrace.packages import differences, packages_of
from headrace.pickling import DefinitionPickler, bare, code_of_file

#: The bytes that a bundle may have.
MAX_BYTES = 32 * 1024 * 1024


class _Pickler(DefinitionPickler):
    """Takes code along with the file that it came from.

    `sources` are the texts of the files that the code came from, by the names that its tracebacks
    will show.
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.sources: dict[str, str] = {}

    def travels(self, definition: Definition) -> bool:
        return _travels(sys.modules.get(definition.fn.__module__))

    def file_of(self, code: CodeType) -> str | None:
        """The same name on every machine that has the project: equal code makes equal bundles."""
        lines = linecache.getlines(code.co_filename)
        if code.co_filename.startswith("<") or not lines:
            return None
        path = Path(code.co_filename)
        here = Path.cwd()
        name = str(path.relative_to(here)) if path.is_relative_to(here) else path.name
        self.sources[name] = "".join(lines)
        return name


#: The names by which bundles know them that were made earlier.
_bare, _code_of_file = bare, code_of_file


def make_bundle(flow: Definition) -> tuple[bytes, dict[str, object]]:
    """A flow as bytes, and what it takes to open them.

    Raises:
        BundleError: something that it uses cannot be pickled, which the message names, or it is
            too large.
    """
    buffer = io.BytesIO()
    try:
        with _by_value():
            pickler = _Pickler(buffer)
            pickler.dump(flow)
            cloudpickle.dump(pickler.sources, buffer)
    except Exception as error:  # whatever the objects that the flow uses raise
        raise BundleError(
            f"flow '{flow.name}' cannot travel by value: {error}; make what it uses within the "
            'flow, or deploy it with entrypoint="path.py:flow"'
        ) from error
    content = buffer.getvalue()
    if len(content) > MAX_BYTES:
        raise BundleError(
            f"flow '{flow.name}' is too large to travel by value: {len(content):,} bytes are more "
            f"than {MAX_BYTES:,}; load large data within the flow, or deploy it with "
            'entrypoint="path.py:flow"'
        )
    about: dict[str, object] = {
        "flow": flow.name,
        "python": platform.python_version(),
        "cloudpickle": cloudpickle.__version__,
        "packages": packages_of(content),
    }
    return content, about


def open_bundle(content: bytes, about: Mapping[str, Any]) -> Definition:
    """The flow of a bundle.

    Raises:
        BundleError: it was made by another version of Python, or needs a package that is not
            installed here; the message names it.
    """
    made, here = str(about.get("python", "")), platform.python_version()
    if made.split(".")[:2] != here.split(".")[:2]:
        raise BundleError(
            f"the flow was bundled by Python {made}, and Python {here} runs here; deploy it again "
            'by the version of the workers, or with entrypoint="path.py:flow"'
        )
    unlike = differences(about.get("packages") or {})
    told = f"; of its packages, {'; '.join(unlike)}" if unlike else ""
    try:
        flow = _load(content)
    except ModuleNotFoundError as error:
        raise BundleError(
            f"the flow needs the module {error.name!r}, which is not installed here "
            f"({sys.executable}){told}"
        ) from error
    except Exception as error:  # whatever other versions of packages make of it
        raise BundleError(
            f"the flow's bundle cannot be opened here: {type(error).__name__}: {error}{told}"
        ) from error
    if unlike:
        get_logger("bundles").warning("The flow '%s' was bundled elsewhere%s", flow.name, told)
    if not is_flow(flow):
        raise BundleError("the bundle holds no flow")
    return cast(Definition, flow)


def _load(content: bytes) -> Any:
    """The flow, whose tracebacks show the lines of its files."""
    buffer = io.BytesIO(content)
    flow = pickle.load(buffer)
    for name, text in pickle.load(buffer).items():
        # Without a time of change, linecache takes the lines as they are and looks for no file.
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return flow


@contextmanager
def _by_value() -> Iterator[None]:
    """Let the modules of the user's project be pickled by value."""
    mine = [
        module
        for name, module in list(sys.modules.items())
        if name != "__main__" and _is_module(module) and _travels(module)
    ]
    registered = []
    for module in mine:
        if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
            cloudpickle.register_pickle_by_value(module)
            registered.append(module)
    try:
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)


def _is_module(value: Any) -> bool:
    """Whether something is a module: there may be anything under `sys.modules`."""
    return isinstance(value, ModuleType)


def _travels(module: ModuleType | None) -> bool:
    """Whether a module is the user's own, and not to be found at the other end."""
    if module is None or module.__name__ in ("__main__", "__mp_main__"):
        return True
    path = getattr(module, "__file__", None)
    if path is None or module.__name__.partition(".")[0] in _OURS:
        return False
    return not any(Path(path).is_relative_to(place) for place in _INSTALLED)


_OURS = ("headrace", "headrace_service", "headrace_tui")
_INSTALLED = tuple(
    {Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
)
