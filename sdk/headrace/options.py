"""The options of flows and tasks, looked at while it is still plain where they were given.

Each function returns the option as it is kept. One that cannot be used raises InvalidOption, which
names the option, the flow or task and the mend; one of a wrong kind altogether raises TypeError, or
ValueError, with the words that Prefect's users know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from headrace.exceptions import InvalidNameError, InvalidOption
from headrace.text import MAX_NAME, shown
from headrace.utilities.annotations import NotSet

#: As many delays between retries can be told one by one.
MAX_DELAYS = 50

#: Seconds that one retry is waited for at most: some thirty years.
LONGEST_DELAY = 10**9 - 1

_BANNED = ["/", "%", "&", ">", "<"]


def refuse_unknown(function: str, options: Iterable[str], known: type) -> None:
    """See to it that all `options` are fields of the TypedDict `known`.

    Raises:
        TypeError: one is not; in the words of Python, for a call of `function`.
    """
    for option in options:
        if option not in known.__annotations__:
            raise TypeError(f"{function}() got an unexpected keyword argument {option!r}")


def changes_of(
    options: Mapping[str, Any], revocable: Collection[str], hooks: Collection[str]
) -> dict[str, Any]:
    """Those options given to `with_options` that change something.

    Args:
        options: all that were given.
        revocable: the options that None takes back; for the others, it changes nothing.
        hooks: the options that are lists of hooks.
    """
    return {
        option: value
        for option, value in options.items()
        if value is not NotSet and (value is not None or option in revocable)
        if value or option not in hooks  # Prefect's users know an empty list as none given
    }


def checked_name(kind: str, name: Any, default: str) -> str:
    """A name of 1 to 1,024 characters; an empty one, and None, mean the default."""
    if name is None or name == "":
        return default[:MAX_NAME] or "unnamed"
    if not _is_name(name):
        raise InvalidOption(f"a {kind}'s name has 1 to 1,024 characters, unlike {shown(name)}")
    checked: str = name
    return checked


def checked_flow_name(name: Any) -> str | None:
    """A flow's name, which stands in addresses and paths; None and an empty one mean the default.

    Raises:
        InvalidNameError: it holds a character that it may not.
    """
    if not name:
        return None
    if not isinstance(name, str):
        raise InvalidOption(
            f"Expected string for flow parameter 'name'; got {type(name).__name__} instead."
        )
    return _checked_characters(name)


def checked_deployment_name(name: str) -> str:
    """A deployment's name, which stands in the same places as its flow's.

    Raises:
        InvalidNameError: it is empty, or holds a character that it may not.
    """
    return _checked_characters(name)


def checked_full_name(name: str) -> str:
    """The name of a deployment with its flow's.

    Raises:
        ValueError: it is not of the form `flow/deployment`.
    """
    if name.count("/") != 1:
        raise ValueError(
            f"Invalid deployment name format: {name}. Expected format: "
            "<FLOW_NAME>/<DEPLOYMENT_NAME>"
        )
    return name


def _checked_characters(name: str) -> str:
    if not name or any(character in name for character in _BANNED):
        raise InvalidNameError(
            f"Name {name!r} contains an invalid character. Must not contain any of: {_BANNED}."
        )
    return name


def checked_tags(title: str, tags: Any) -> set[str]:
    """The tags."""
    # Text by itself would be taken apart into its letters.
    alone = isinstance(tags, str | bytes) or not isinstance(tags, Iterable | None)
    several: list[Any] = [] if alone else list(tags or ())
    if alone or not all(map(_is_name, several)):
        raise InvalidOption(
            f"{title}: tags={shown(several or tags)}: "
            "use a list of texts of 1 to 1,024 characters each"
        )
    return set(several)


def checked_text(title: str, option: str, text: Any) -> str | None:
    """Text, or None."""
    if text is not None and not isinstance(text, str):
        raise InvalidOption(f"{title}: {option}={shown(text)}: use text")
    return text


def checked_retries(title: str, retries: Any) -> int:
    """A whole number; none are 0."""
    if retries is None:
        return 0
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise InvalidOption(f"{title}: retries={retries!r}: use a whole number, 0 or more")
    return retries


def checked_delays(title: str, delays: Any, retries: int) -> float | Sequence[float]:
    """Seconds before every retry, or before each; a function is asked for them."""
    if delays is None:
        return 0
    if callable(delays):
        delays = delays(retries)
    if isinstance(delays, str | bytes) or not isinstance(delays, int | float | Sequence):
        raise TypeError(
            f"Invalid `retry_delay_seconds` provided; must be an int, float, list or callable. "
            f"Received type {type(delays)}"
        )
    for delay in delays if isinstance(delays, Sequence) else [delays]:
        if not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_DELAY:
            raise InvalidOption(
                f"{title}: retry_delay_seconds={delays!r}: use a number of seconds, or a list"
            )
    if isinstance(delays, Sequence) and len(delays) > MAX_DELAYS:
        raise ValueError(f"Can not configure more than {MAX_DELAYS} retry delays per task.")
    return delays


def checked_jitter(title: str, factor: Any) -> float | None:
    """By how much more or less than a delay is waited, as a factor."""
    if factor is not None and not isinstance(factor, int | float):
        raise InvalidOption(f"{title}: retry_jitter_factor={shown(factor)}: use a number")
    if factor is not None and not factor >= 0:
        raise ValueError("`retry_jitter_factor` must be >= 0.")
    checked: float | None = factor
    return checked


def checked_timeout(title: str, timeout: Any) -> float | None:
    """Seconds; 0 and None are no limit."""
    if not timeout:
        return None
    try:
        seconds = float(timeout)
    except (TypeError, ValueError):
        raise InvalidOption(
            f"{title}: timeout_seconds={shown(timeout)}: use a number of seconds"
        ) from None
    if not 0 < seconds < 1e9:
        raise InvalidOption(
            f"{title}: timeout_seconds={seconds!r}: use more than 0, and less than 1e9"
        )
    return seconds


def checked_flag(title: str, option: str, flag: Any) -> bool | None:
    """True, False, or None, which leaves it to the settings."""
    if flag is None:
        return None
    if isinstance(flag, str | bytes) or flag not in (True, False):
        raise InvalidOption(f"{title}: {option}={shown(flag)}: use True, False or None")
    return bool(flag)


def refuse_no_task_runner(title: str, runner: object) -> None:
    """See to it that it is a task runner, the class of one, or None."""
    # Looked at by what it can do: the module of task runners is not needed by every flow.
    if runner is not None and not callable(getattr(runner, "submit", None)):
        raise InvalidOption(
            f"{title}: task_runner={shown(runner)}: use a task runner, such as "
            "ThreadPoolTaskRunner(max_workers=4) from headrace.task_runners"
        )


def checked_assets(title: str, assets: Any) -> list[Any]:
    """A list of assets and keys of assets, of its own."""
    # Text by itself would be taken apart into its letters.
    if isinstance(assets, str | bytes) or not isinstance(assets, Iterable | None):
        raise InvalidOption(
            f"{title}: asset_deps={shown(assets)}: use a list of assets, or of their keys"
        )
    return list(assets or ())


def checked_hooks(kind: str, option: str, hooks: Any) -> list[Any]:
    """A list of functions of its own."""
    example = (
        f"Please provide a list of hooks to '{option}':\n\n"
        f"@{kind}({option}=[hook1, hook2])\ndef my_{kind}():\n\tpass"
    )
    if not isinstance(hooks, Iterable):
        raise TypeError(
            f"Expected iterable for '{option}'; got {type(hooks).__name__} instead. {example}"
        )
    several = list(hooks)
    for hook in several:
        if not callable(hook):
            raise TypeError(
                f"Expected callables in '{option}'; got {type(hook).__name__} instead. {example}"
            )
    return several


def checked_callable(option: str, function: Any) -> Callable[..., Any] | None:
    """A function, or None."""
    if function is not None and not callable(function):
        raise TypeError(
            f"Expected `{option}` to be callable, got {type(function).__name__} instead."
        )
    checked: Callable[..., Any] | None = function
    return checked


def checked_run_name(option: str, name: Any) -> str | Callable[..., str] | None:
    """A template, a function that makes a name, or None."""
    if name is not None and not isinstance(name, str) and not callable(name):
        raise TypeError(
            f"Expected string or callable for '{option}'; got {type(name).__name__} instead."
        )
    checked: str | Callable[..., str] | None = name
    return checked


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME
