"""What is decoded into structs, is so by any number of threads at once: see `read_at_once`."""

from __future__ import annotations

import ast
import gc
import importlib
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
PACKAGES = [
    ROOT / folder for folder in ("sdk/headrace", "service/headrace_service", "tui/headrace_tui")
]

#: Modules that read values as a type that only they know, and why they may.
KNOWN = {
    "headrace.records": "makes types ready",
    "headrace.recorder.batches": "the types of records, which that module makes ready",
    "headrace.validation": "users' types, one thread at a time",
    "headrace_service.ledger.decode": "what verbs are asked for, one thread at a time",
    "headrace_service.ledger.automations": "types that its decoders have made ready",
}


def read_types(source: str) -> Iterator[str]:
    """The expressions in a module's text that name what msgspec makes of plain values."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in ("msgspec.convert", "msgspec.json.Decoder", "msgspec.msgpack.Decoder"):
            place = 1 if called == "msgspec.convert" else 0
            yield from map(ast.unparse, node.args[place : place + 1])
        if called in ("msgspec.convert", "msgspec.json.decode", "msgspec.msgpack.decode"):
            yield from (ast.unparse(each.value) for each in node.keywords if each.arg == "type")


def structs_of(kind: Any) -> Iterator[type]:
    """The structs that a type is made of; what these are made of is made ready with them."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in typing.get_args(kind):
        yield from structs_of(part)


def is_ready(struct: type) -> bool:
    """Whether msgspec has put together how it is read."""
    return any(type(each).__name__ == "StructInfo" for each in gc.get_referents(struct))


def unready(name: str, source: str) -> list[str]:
    """What a module reads that is not ready when it is imported."""
    module, found = importlib.import_module(name), []
    for text in read_types(source):
        try:
            kind = eval(text, vars(module))
        except (NameError, TypeError):  # a variable, or what is only known as it runs
            found += [] if name in KNOWN else [f"{name}: {text}"]
            continue
        found += [f"{name}: {each.__name__}" for each in structs_of(kind) if not is_ready(each)]
    return found


def reading_modules() -> dict[str, str]:
    """The texts of all modules that make structs of plain values, by their names."""
    found = {}
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            source = path.read_text()
            if "msgspec" in source and any(read_types(source)):
                parts = path.relative_to(package.parent).with_suffix("").parts
                found[".".join(parts).removesuffix(".__init__")] = source
    return found


def main() -> None:
    """Print what is not ready: in a process in which nothing has been read yet."""
    for name, source in reading_modules().items():
        for each in unready(name, source):
            print(each)


def test_all_that_is_read_is_made_ready_as_its_module_is_imported() -> None:
    program = "from tests.contract.test_structs import main; main()"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == ""


class Late(msgspec.Struct):
    """One that nobody has made ready."""


def test_what_is_not_ready_would_be_found() -> None:
    source = "msgspec.convert(1, dict[str, Late])\nmsgspec.json.decode(b'', type=Late | None)"
    assert unready(__name__, source) == [f"{__name__}: Late"] * 2
    msgspec.json.Decoder(Late)
    assert unready(__name__, source) == []
    assert unready(__name__, "msgspec.convert(1, type(asked))") == [f"{__name__}: type(asked)"]
