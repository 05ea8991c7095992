"""What the options of a task mean for keeping its results: whether they are kept, and by which key.

They are looked at together, since some of them ask for others.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.exceptions import InvalidOption
from headrace.options import checked_flag
from headrace.text import shown
from headrace.utilities.annotations import NotSet

if TYPE_CHECKING:
    import datetime

    from headrace.cache_policies import CachePolicy
    from headrace.serializers import Serializer
    from headrace.settings import Settings


def keeps_results(title: str, options: Mapping[str, Any]) -> bool | None:
    """Whether a task's results are kept: as it says, or as other options need it; None otherwise.

    Args:
        title: what messages call the task.
        options: those that were given.

    Raises:
        InvalidOption: `persist_result` is neither True nor False, or the policy is none.
    """
    refuse_no_policy(title, options)
    policy, key_fn = options.get("cache_policy", NotSet), options.get("cache_key_fn")
    if policy is not NotSet and key_fn is not None:
        _warn(f"Both `cache_policy` and `cache_key_fn` are set on {title}. `cache_key_fn` is used.")
    caches = key_fn is not None or (policy is not NotSet and not _is_none(policy))
    said = checked_flag(title, "persist_result", options.get("persist_result"))
    if said is not None:
        if not said and caches:
            _warn(f"Ignoring the cache policy of {title} because `persist_result` is False")
        return said
    return True if caches or must_keep(options) else None


def must_keep(options: Mapping[str, Any]) -> bool:
    """Whether the options ask for results to be kept for their own sake, not to save a later call.

    Then a run whose result cannot be kept is no success.
    """
    said = options.get("persist_result")
    return (
        bool(said)
        if said is not None
        else any(
            options.get(option) is not None
            for option in ("result_storage_key", "result_storage", "result_serializer")
        )
    )


def checked_storage(title: str, storage: Any) -> Any:
    """Where results are to go, as it was given.

    Raises:
        InvalidOption: it is no storage; or it is a block that has no name yet, so that nobody else
            could find them.
    """
    if storage is None or isinstance(storage, str | os.PathLike):
        return storage
    from uuid import UUID  # slow to load

    if isinstance(storage, UUID):
        return storage
    if not callable(getattr(storage, "write_path", None)):
        raise InvalidOption(
            f"{title}: result_storage={shown(storage)}: use a folder, an address such as "
            '"s3://bucket/results", or a file system of headrace.filesystems'
        )
    if getattr(storage, "_block_document_id", None) is None:
        raise InvalidOption(
            "Result storage configuration must be persisted server-side. Please call `.save()` on "
            "your block before passing it in, or pass a folder or an address."
        )
    return storage


def checked_expiration(title: str, expiration: Any) -> datetime.timedelta | None:
    """How long a cached result holds, or None."""
    if expiration is None:
        return None
    import datetime  # whoever has a timedelta has loaded it

    if not isinstance(expiration, datetime.timedelta):
        raise InvalidOption(
            f"{title}: cache_expiration={shown(expiration)}: use a timedelta, such as "
            "datetime.timedelta(hours=1)"
        )
    return expiration


def checked_serializer(title: str, serializer: Any) -> Any:
    """What results are written by, as it was given: a serializer, its name, or None.

    A name may be one that the program gives to a serializer later, so it is looked up when used.
    """
    named = serializer is None or isinstance(serializer, str)
    if not named and not callable(getattr(serializer, "dumps", None)):
        raise InvalidOption(
            f"{title}: result_serializer={shown(serializer)}: use a serializer of "
            'headrace.serializers, or the name of one, such as "json"'
        )
    return serializer


def named_serializer(title: str, serializer: Any) -> Serializer[Any]:
    """The serializer that an option names or is.

    Raises:
        InvalidOption: there is none of that name, or it takes more than its name to make it.
    """
    from pydantic import ValidationError  # whoever names a serializer needs it

    from headrace.serializers import resolve_serializer

    try:
        return resolve_serializer(serializer)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidOption(f"{title}: result_serializer={shown(serializer)}: {reason}") from error


def refuse_no_policy(title: str, options: Mapping[str, Any]) -> None:
    """See to it that the cache policy among the options, if there is one, is a policy.

    Raises:
        InvalidOption: it is none.
    """
    policy: Any = options.get("cache_policy", NotSet)
    if policy is NotSet or policy is None:
        return
    from headrace.cache_policies import CachePolicy  # whoever has a policy has loaded it

    if not isinstance(policy, CachePolicy):
        raise InvalidOption(
            f"{title}: cache_policy={shown(policy)}: use a policy of headrace.cache_policies, "
            "such as INPUTS, not its name"
        )


def policy_for(
    options: Mapping[str, Any], persist_result: bool | None, settings: Settings
) -> CachePolicy | None:
    """The cache policy that a task's options and the settings come to; None is none at all.

    Args:
        options: those that were given.
        persist_result: what `keeps_results` says of them.
        settings: those that hold.
    """
    from headrace.cache_policies import DEFAULT, NO_CACHE, CachePolicy  # not every task needs them

    policy: Any = options.get("cache_policy", NotSet)
    if policy is NotSet and settings.tasks_default_no_cache:
        policy = NO_CACHE
    if (key_fn := options.get("cache_key_fn")) is not None:
        policy = CachePolicy.from_cache_key_fn(key_fn)
    if settings.tasks_disable_caching:
        policy = NO_CACHE
    storage_key = options.get("result_storage_key")
    if persist_result is False:
        return None if policy is None else NO_CACHE
    if policy is NotSet:
        return DEFAULT if storage_key is None else None
    if storage_key is not None and not _is_none(policy):
        return None  # the storage key alone decides where the result stands, and is found
    chosen: CachePolicy | None = policy
    return chosen


def _is_none(policy: object) -> bool:
    from headrace.cache_policies import NO_CACHE  # whoever has a policy has loaded it

    return policy is None or policy == NO_CACHE


def _warn(message: str) -> None:
    import logging  # slow to load

    logging.getLogger("headrace.tasks").warning(message)
