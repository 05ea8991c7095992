"""What the fields of a class of blocks say: which are secret, and which hold blocks."""

from __future__ import annotations

import collections.abc
import inspect
import re
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import pydantic
import pydantic_core

from headrace.types import SecretDict

if TYPE_CHECKING:
    from headrace.blocks.core import Block

Secretive = (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)


def secret_fields(model: type[pydantic.BaseModel]) -> list[str]:
    """The paths of what is secret: `login.password`; `headers.*` means each value of a mapping."""
    return [
        path
        for name, field in model.model_fields.items()
        for path in _secrets(field.alias or name, field.annotation)
    ]


def block_fields(model: type[pydantic.BaseModel]) -> dict[str, type[Block]]:
    """The fields that may hold blocks, each with the first class of them."""
    found: dict[str, type[Block]] = {}
    for name, field in model.model_fields.items():
        for kind in _parts(field.annotation):
            if is_block_class(kind):
                found.setdefault(name, kind)
    return found


def is_block_class(kind: Any) -> bool:
    """Whether something is a class of blocks."""
    from headrace.blocks.core import Block

    return inspect.isclass(kind) and not get_origin(kind) and issubclass(kind, Block)


def _secrets(path: str, annotation: Any) -> Iterator[str]:
    found: dict[str, None] = {}
    for kind in _parts(annotation):
        if kind is SecretDict:
            found[f"{path}.*"] = None
        elif inspect.isclass(kind) and issubclass(kind, Secretive):
            found[path] = None
        elif inspect.isclass(kind) and issubclass(kind, pydantic.BaseModel):
            found.update((f"{path}.{inner}", None) for inner in secret_fields(kind))
    yield from found


def _parts(annotation: Any) -> Iterator[Any]:
    """The classes in an annotation: those in its unions and containers, too."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType) or (
        inspect.isclass(origin) and issubclass(origin, collections.abc.Iterable)
    ):
        for inner in get_args(annotation):
            yield from _parts(inner)
    elif annotation is not None:
        yield annotation


def revealed(value: Any) -> Any:
    """A field's value as JSON can hold it: secrets as they are, saved blocks as references."""
    from headrace.blocks.core import Block

    if isinstance(value, Block):
        if value._block_document_id is not None:
            return {"$ref": {"block_document_id": str(value._block_document_id)}}
        return data_of(value) | {"block_type_slug": value.get_block_type_slug()}
    if isinstance(value, Secretive):
        return revealed(value.get_secret_value())
    if isinstance(value, pydantic.BaseModel):
        return {name: revealed(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): revealed(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [revealed(one) for one in value]
    return pydantic_core.to_jsonable_python(value)


def data_of(block: Block) -> dict[str, Any]:
    """All fields of a block as JSON can hold them, by alias where they have one."""
    model = type(block)
    own = {path.split(".")[0] for path in secret_fields(model)} | set(block_fields(model))
    plain = block.model_dump(mode="json", by_alias=True)
    data: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.serialization_alias or field.alias or name
        if key in own or name in own or key not in plain:
            data[key] = revealed(getattr(block, name))
        else:
            data[key] = plain[key]
    return data


_SECTION = re.compile(
    r"^(args|arguments|attributes|example|examples|note|raises|returns|yields):\s*$", re.I
)


def description_of(model: type[pydantic.BaseModel]) -> str | None:
    """The first part of a class's docstring, up to its first section."""
    if not model.__doc__:
        return None
    lines = inspect.cleandoc(model.__doc__).splitlines()
    end = next((n for n, line in enumerate(lines) if _SECTION.match(line)), len(lines))
    return "\n".join(lines[:end]).strip() or None
