"""How results become bytes, and bytes results again.

>>> Serializer(type="compressed/json").loads(CompressedJSONSerializer().dumps([1, 2]))
[1, 2]

A serializer of your own is a subclass with a `type` that has a default: by that name it is found.
"""

from __future__ import annotations

import base64
import importlib
import io
from typing import Any, Generic, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import to_jsonable_python
from typing_extensions import TypeVar

D = TypeVar("D", default=Any)

_types: dict[str, type[Serializer[Any]]] = {}


class Serializer(BaseModel, Generic[D]):
    """Turns objects of the type `D` into bytes and back.

    `Serializer(type="json")` makes the serializer of that name.
    """

    model_config = ConfigDict(extra="forbid")

    type: str

    def __new__(cls, **options: Any) -> Self:
        name = options.get("type")
        return super().__new__(cls if not name or name == _name(cls) else _find(cls, name))

    def __init__(self, **options: Any) -> None:
        options.setdefault("type", _name(type(self)))
        super().__init__(**options)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if (name := _name(cls)) is not None:
            _types[name] = cls

    def dumps(self, obj: D) -> bytes:
        """The object as bytes, which are text in UTF-8."""
        raise NotImplementedError

    def loads(self, blob: bytes) -> D:
        """The object that `dumps` made these bytes of."""
        raise NotImplementedError


def _name(cls: type[Serializer[Any]]) -> str | None:
    default = cls.model_fields["type"].default
    return default if isinstance(default, str) else None


def _find(cls: type[Serializer[Any]], name: Any) -> type[Any]:
    found = _types.get(name) if isinstance(name, str) else None
    if found is None or not issubclass(found, cls):
        known = ", ".join(sorted(_types))
        reason = ValueError(f"no serializer is named {name!r}; there are {known}")
        error: Any = {"type": "value_error", "loc": ("type",), "input": name}
        error["ctx"] = {"error": reason}
        raise ValidationError.from_exception_data(cls.__name__, [error])
    return found


def find_qualified(name: str) -> Any:
    """What a dotted name such as "json" or "pathlib.Path" stands for.

    Raises:
        ImportError: there is no such module.
        AttributeError: there is no such thing in the module.
    """
    module_name, found = name, list[str]()
    while True:
        try:
            value: Any = importlib.import_module(module_name)
            break
        except ModuleNotFoundError as error:
            if "." not in module_name or not module_name.startswith(error.name or module_name):
                raise
            module_name, _, attribute = module_name.rpartition(".")
            found.insert(0, attribute)
    for attribute in found:
        value = getattr(value, attribute)
    return value


def _checked_library(name: str, kind: str, *methods: str) -> str:
    try:
        library = find_qualified(name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"Failed to import requested {kind} library: {name!r}.") from error
    for method in methods:
        if not callable(getattr(library, method, None)):
            title = f"{kind.capitalize()} library"
            raise ValueError(f"{title} at {name!r} does not have a {method!r} method.")
    return name


class PickleSerializer(Serializer[D]):
    """Pickles, as text in base 64.

    Args:
        picklelib: the module that pickles; it has `dumps` and `loads`.
    """

    type: str = Field(default="pickle", frozen=True)
    picklelib: str = "cloudpickle"
    picklelib_version: str | None = None

    @field_validator("picklelib")
    @classmethod
    def _check_library(cls, value: str) -> str:
        return _checked_library(value, "pickle", "dumps", "loads")

    def dumps(self, obj: D) -> bytes:
        """The object's pickle."""
        return base64.encodebytes(find_qualified(self.picklelib).dumps(obj))

    def loads(self, blob: bytes) -> D:
        """The object; this runs whatever code the pickle says."""
        value: D = find_qualified(self.picklelib).loads(base64.decodebytes(blob))
        return value


class JSONSerializer(Serializer[D]):
    """JSON, with a mark in it for what JSON itself does not know, so that it comes back as it was.

    Args:
        jsonlib: the module that writes JSON; it has `dumps` and `loads`.
        object_encoder, object_decoder: dotted names of functions that take over what the module
            cannot write, and every object that it has read.
        dumps_kwargs, loads_kwargs: further arguments for the module's functions.
    """

    type: str = Field(default="json", frozen=True)
    jsonlib: str = "json"
    object_encoder: str | None = "headrace.serializers.headrace_json_object_encoder"
    object_decoder: str | None = "headrace.serializers.headrace_json_object_decoder"
    dumps_kwargs: dict[str, Any] = Field(default_factory=dict)
    loads_kwargs: dict[str, Any] = Field(default_factory=dict)

    @field_validator("dumps_kwargs")
    @classmethod
    def _check_dumps(cls, value: dict[str, Any]) -> dict[str, Any]:
        if "default" in value:
            raise ValueError("`default` cannot be provided. Use `object_encoder` instead.")
        return value

    @field_validator("loads_kwargs")
    @classmethod
    def _check_loads(cls, value: dict[str, Any]) -> dict[str, Any]:
        if "object_hook" in value:
            raise ValueError("`object_hook` cannot be provided. Use `object_decoder` instead.")
        return value

    def dumps(self, obj: D) -> bytes:
        """The object as JSON."""
        options = dict(self.dumps_kwargs)
        if self.object_encoder:
            options["default"] = find_qualified(self.object_encoder)
        text: str | bytes = find_qualified(self.jsonlib).dumps(obj, **options)
        return text.encode() if isinstance(text, str) else text

    def loads(self, blob: bytes) -> D:
        """The object that the JSON is of."""
        options = dict(self.loads_kwargs)
        if self.object_decoder:
            options["object_hook"] = find_qualified(self.object_decoder)
        value: D = find_qualified(self.jsonlib).loads(blob.decode(), **options)
        return value


class CompressedSerializer(Serializer[D]):
    """What another serializer makes, compressed.

    Args:
        serializer: the other one, or its name.
        compressionlib: the module that compresses; it has `compress` and `decompress`.
    """

    type: str = Field(default="compressed", frozen=True)
    serializer: Serializer[D]
    compressionlib: str = "lzma"

    @field_validator("serializer", mode="before")
    @classmethod
    def _make_serializer(cls, value: Any) -> Any:
        if isinstance(value, str):
            return Serializer(type=value)
        return Serializer(**value) if isinstance(value, dict) else value

    @field_validator("compressionlib")
    @classmethod
    def _check_library(cls, value: str) -> str:
        return _checked_library(value, "compression", "compress", "decompress")

    def dumps(self, obj: D) -> bytes:
        """The other one's bytes, compressed, as text in base 64."""
        blob = self.serializer.dumps(obj)
        return base64.encodebytes(find_qualified(self.compressionlib).compress(blob))

    def loads(self, blob: bytes) -> D:
        """The object."""
        library = find_qualified(self.compressionlib)
        return self.serializer.loads(library.decompress(base64.decodebytes(blob)))


class CompressedPickleSerializer(CompressedSerializer[D]):
    """Compressed pickles."""

    type: str = Field(default="compressed/pickle", frozen=True)
    serializer: Serializer[D] = Field(default_factory=PickleSerializer)


class CompressedJSONSerializer(CompressedSerializer[D]):
    """Compressed JSON."""

    type: str = Field(default="compressed/json", frozen=True)
    serializer: Serializer[D] = Field(default_factory=JSONSerializer)


def resolve_serializer(serializer: Serializer[Any] | str) -> Serializer[Any]:
    """The serializer of that name, or the serializer itself.

    Raises:
        ValidationError: there is none of that name.
        TypeError: it is neither.
    """
    if isinstance(serializer, Serializer):
        return serializer
    if isinstance(serializer, str):
        return Serializer(type=serializer)
    raise TypeError(
        "Result serializer must be one of the following types: 'Serializer', 'str'. "
        f"Got unsupported type {type(serializer).__name__!r}."
    )


def headrace_json_object_encoder(obj: Any) -> Any:
    """What JSON cannot hold, with its class: exceptions, dates, paths, models, dataclasses, sets.

    Raises:
        PydanticSerializationError: there is no JSON for it.
    """
    if isinstance(obj, BaseException):
        return {"__exc_type__": _qualified_name(type(obj)), "message": str(obj)}
    name = _qualified_name(_origin(type(obj)))
    if isinstance(obj, io.IOBase):
        return {"__class__": name, "data": f"<{obj!r}, whose content was not read>"}
    return {"__class__": name, "data": to_jsonable_python(obj)}


def headrace_json_object_decoder(result: dict[str, Any]) -> Any:
    """What `headrace_json_object_encoder` has marked, as it was; anything else as it is.

    Raises:
        ValueError: the marked data does not fit its class, or the class is no exception.
    """
    if "__class__" in result:
        return _decode_object(result)
    if "__exc_type__" in result:
        return _decode_exception(result)
    return result


_adapters: dict[str, TypeAdapter[Any]] = {}


def _decode_object(marked: dict[str, Any]) -> Any:
    name = marked["__class__"]
    if name not in _adapters:
        try:
            _adapters[name] = TypeAdapter(find_qualified(name))
        except (ImportError, AttributeError):
            return marked  # of a class that this process does not have
    return _adapters[name].validate_python(marked["data"])


def _decode_exception(marked: dict[str, Any]) -> BaseException:
    name = marked["__exc_type__"]
    try:
        kind = find_qualified(name)
    except (ImportError, AttributeError):
        kind = None
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise ValueError(f"Invalid exception type: {name!r}")
    return kind(marked["message"])


def _origin(kind: type) -> type:
    """The class without type parameters: a model `Page[int]` is found as `Page`."""
    metadata: dict[str, Any] = getattr(kind, "__pydantic_generic_metadata__", {})
    return metadata.get("origin") or kind


def _qualified_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
