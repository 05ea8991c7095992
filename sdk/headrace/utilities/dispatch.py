"""Classes that are found by a key.

@register_base_type
class Storage: ...

class Tape(Storage):            # is registered as it is made
    __dispatch_key__ = "tape"

lookup_type(Storage, "tape")    # Tape
"""

from __future__ import annotations

import abc
import warnings
from typing import Any, TypeVar

T = TypeVar("T", bound=type[Any])

#: By base class, its classes by key.
_registries: dict[type[Any], dict[str, type[Any]]] = {}


def get_registry_for_type(cls: type[Any]) -> dict[str, type[Any]] | None:
    """The classes by key of the nearest registered base of `cls`, itself included."""
    return next((_registries[base] for base in cls.mro() if base in _registries), None)


def get_dispatch_key(cls_or_instance: Any, allow_missing: bool = False) -> str | None:
    """The key of a class: what its `__dispatch_key__` is, or returns.

    Args:
        cls_or_instance: the class, or an object of it.
        allow_missing: whether to answer None when it has none.

    Raises:
        ValueError: it has none.
        TypeError: it is no text.
    """
    key = getattr(cls_or_instance, "__dispatch_key__", None)
    kind = cls_or_instance if isinstance(cls_or_instance, type) else type(cls_or_instance)
    if key is not None and callable(key):
        key = key()
        if key is None and allow_missing:
            return None
    elif key is None:
        if allow_missing:
            return None
        raise ValueError(
            f"Type {kind.__name__!r} does not define a value for '__dispatch_key__' which is "
            "required for registry lookup."
        )
    if not isinstance(key, str):
        raise TypeError(
            f"Type {kind.__name__!r} has a '__dispatch_key__' of type {type(key).__name__} but a "
            "type of 'str' is required."
        )
    return key


def register_base_type(cls: T) -> T:
    """Let classes of this base be found by their keys; those made later register themselves."""
    registry = _registries.setdefault(cls, {})
    key = get_dispatch_key(cls, allow_missing=True)
    if key is not None:
        registry[key] = cls
    # Pydantic's classes are complete only when it calls the hook of its own.
    hook = (
        "__pydantic_init_subclass__"
        if hasattr(cls, "__pydantic_init_subclass__")
        else "__init_subclass__"
    )
    before = getattr(cls, hook).__func__ if hook in vars(cls) else None

    def register(child: Any, /, **options: Any) -> None:
        if before is None:
            getattr(super(cls, child), hook)(**options)
        else:
            before(child, **options)
        if abc.ABC not in child.__bases__:
            register_type(child)

    setattr(cls, hook, classmethod(register))
    return cls


def register_type(cls: T) -> T:
    """Let a class be found by its key.

    Raises:
        ValueError: none of its bases is registered, or it has no key.
    """
    registry = get_registry_for_type(cls)
    if registry is None:
        bases = ", ".join(repr(one.__name__) for one in cls.mro() if one not in (object, cls))
        raise ValueError(f"No registry found for type {cls.__name__!r} with bases {bases}.")
    key = get_dispatch_key(cls)
    assert key is not None
    if registry.get(key, cls) is not cls:
        warnings.warn(
            f"Type {cls.__name__!r} has key {key!r} that matches existing registered type "
            f"{registry[key].__name__!r}. The existing type will be overridden.",
            stacklevel=2,
        )
    registry[key] = cls
    return cls


def lookup_type(cls: T, dispatch_key: str) -> T:
    """The class of a key among those of a base.

    Raises:
        KeyError: there is none.
    """
    found: Any = (get_registry_for_type(cls) or {}).get(dispatch_key)
    if found is None:
        raise KeyError(
            f"No class found for dispatch key {dispatch_key!r} in registry for type "
            f"{cls.__name__!r}."
        )
    return found  # type: ignore[no-any-return]
