"""Hashes of values and of code: equal ones have one hash, in every process.

>>> hash_value([1, 2]) == hash_value([1, 2]) != hash_value((1, 2))
True
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

from headrace.exceptions import HashError
from headrace.text import describe_error

if TYPE_CHECKING:
    Digest = hashlib.blake2b

_BY_REPR = frozenset({type(None), bool, int, float, complex, str, bytes})


def hash_value(value: object) -> str:
    """32 hexadecimal digits.

    Raises:
        HashError: the value, or one within it, has no form that could be hashed.
    """
    try:
        return _hash(value).hex()
    except Exception as error:  # hashing runs the code of any class
        raise HashError(f"cannot be hashed: {describe_error(error)}") from error


def hash_code(code: Any) -> str:
    """The hash of a code object: of what it does, not of where it stands."""
    digest = _new()
    _add_code(digest, code)
    return digest.hexdigest()


def _new() -> Digest:
    return hashlib.blake2b(digest_size=16)


def _hash(value: object) -> bytes:
    digest = _new()
    _add(digest, value)
    return digest.digest()


def _add(digest: Digest, value: object) -> None:
    """Add a value, so that equal plain values add the same.

    Pickles are only for what is not plain: that of a set depends on the process's hash seed, and
    that of a list on whether two equal items are one object.
    """
    kind = type(value)
    digest.update(f"{kind.__module__}.{kind.__qualname__}\0".encode())
    if kind in _BY_REPR:
        content = repr(value).encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)}\0".encode() + content)
    elif isinstance(value, list | tuple) and kind in (list, tuple):
        digest.update(f"{len(value)}\0".encode())
        for item in value:
            _add(digest, item)
    elif isinstance(value, dict) and kind is dict:
        digest.update(b"".join(sorted(_hash((key, item)) for key, item in value.items())))
    elif isinstance(value, set | frozenset) and kind in (set, frozenset):
        digest.update(b"".join(sorted(map(_hash, value))))
    elif (fields := _fields(value)) is not None:
        _add(digest, fields)
    else:
        # Large, and most programs hash nothing.
        import cloudpickle  # type: ignore[import-untyped]

        digest.update(cloudpickle.dumps(value))


def _fields(value: object) -> dict[str, object] | None:
    """What a dataclass or a pydantic model holds; None for anything else."""
    kind: Any = type(value)
    names = getattr(kind, "__dataclass_fields__", None)
    if names is not None:
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    pydantic: Any = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return {**vars(value), **(value.model_extra or {})}
    return None


def _add_code(digest: Digest, code: Any) -> None:
    """Add a code object, but not the numbers of its lines, nor the addresses of its constants."""
    if code is None:
        return
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode("utf-8", "replace"))
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            _add_code(digest, constant)
        elif isinstance(constant, frozenset):
            digest.update(repr(sorted(map(repr, constant))).encode("utf-8", "replace"))
        else:
            digest.update(repr(constant).encode("utf-8", "replace"))
