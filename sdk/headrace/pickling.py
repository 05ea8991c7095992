"""Flows and tasks as bytes, where the other end does not find them by their name."""

from __future__ import annotations

import abc
from types import CodeType
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it brings no types

from headrace.definitions import Definition

#: What is computed from the rest, and again when it is needed.
_DERIVED = ("shape", "task_runner", "parameters")


class DefinitionPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Takes those flows and tasks apart that travel by value; their code tells where it is from."""

    @abc.abstractmethod
    def travels(self, definition: Definition) -> bool:
        """Whether the other end does not find it by its name."""

    def file_of(self, code: CodeType) -> str | None:
        """The file that tracebacks are to show for `code`, if it has one."""
        return None if code.co_filename.startswith("<") else code.co_filename

    def reducer_override(self, obj: Any) -> Any:
        """See `pickle.Pickler.reducer_override`."""
        if isinstance(obj, CodeType) and (name := self.file_of(obj)) is not None:
            # cloudpickle leaves it out.
            _, made = cloudpickle.Pickler.dispatch_table[CodeType](obj)
            return code_of_file, (name, *made)
        if isinstance(obj, Definition) and self.travels(obj):
            state = {name: value for name, value in vars(obj).items() if name not in _DERIVED}
            return bare, (type(obj),), state
        return super().reducer_override(obj)


def code_of_file(name: str, *made: Any) -> CodeType:
    """Code of a file, of what its class is made with."""
    return CodeType(*made).replace(co_filename=name)


def bare(kind: Any) -> Any:
    """An object of a class, with nothing in it yet."""
    return kind.__new__(kind)
