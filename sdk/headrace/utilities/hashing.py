"""Hashes of values, as programs written for Prefect import them.

Cache keys are made by `headrace.hashing`, which finds plain values equal in every process.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any


def stable_hash(*args: str | bytes, hash_algo: Any = hashlib.md5) -> str:
    """A hash of texts, the same in every process.

    Args:
        args: the texts, one after the other.
        hash_algo: a function of `hashlib`; by default md5, which is quick and no protection.
    """
    digest = hash_algo()
    for text in args:
        digest.update(text.encode() if isinstance(text, str) else text)
    return str(digest.hexdigest())


def file_hash(path: str | os.PathLike[str], hash_algo: Any = hashlib.md5) -> str:
    """A hash of a file's content."""
    with open(path, "rb") as file:
        return stable_hash(file.read(), hash_algo=hash_algo)


def hash_objects(
    *args: Any, hash_algo: Any = hashlib.md5, raise_on_failure: bool = False, **kwargs: Any
) -> str | None:
    """A hash of values of any types.

    Returns:
        The hash; None if a value cannot be hashed.

    Raises:
        HashError: a value cannot be hashed, and `raise_on_failure` is set.
    """
    from headrace.exceptions import HashError

    try:
        try:
            content = json.dumps((args, kwargs), sort_keys=True).encode()
        except (TypeError, ValueError):  # not plain values
            import cloudpickle  # type: ignore[import-untyped]  # large, and seldom needed

            content = cloudpickle.dumps((args, kwargs))
    except Exception as error:  # pickling runs the code of any class
        if raise_on_failure:
            raise HashError(f"cannot be hashed: {error}") from error
        return None
    return stable_hash(content, hash_algo=hash_algo)
