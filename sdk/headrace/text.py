"""Text that is fit to be recorded or shown: of bounded length, and encodable as UTF-8."""

from __future__ import annotations

#: Names of flows, runs, loggers and tags are cut at this many characters.
MAX_NAME = 1024


def clean(text: str) -> str:
    """`text` without what UTF-8 cannot encode (lone surrogates), which becomes `?`."""
    # `isascii` reads one bit; only other text is tried.
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-8", "replace").decode()
    return text


def clip_name(text: str) -> str:
    """`text` as a name in a record: clean, not empty, of at most `MAX_NAME` characters."""
    if len(text) > MAX_NAME:
        text = text[: MAX_NAME - 1] + "…"
    return clean(text) or "unnamed"


def numbered_name(name: str, number: int) -> str:
    """`name-number`; it is the name that is cut if that is too long, so that the number stays."""
    ending = f"-{number}"
    if len(name) + len(ending) > MAX_NAME:
        name = name[: MAX_NAME - len(ending) - 1] + "…"
    return name + ending


def counted(number: int, noun: str) -> str:
    """A number of things, such as `1 run` and `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def describe(value: object) -> str:
    """`str(value)`, whatever that raises: it is a user's object."""
    try:
        return str(value)
    except Exception as error:  # a user's __str__ may raise anything
        return f"<{type(value).__name__}: its __str__ raised {type(error).__name__}>"


def describe_error(error: BaseException) -> str:
    """An exception in one piece, such as `ValueError: too small`."""
    text = describe(error)
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def whole_repr(value: object) -> str:
    """`repr(value)`, whatever that raises: it is a user's object."""
    try:
        return repr(value)
    except Exception:  # a user's __repr__ may raise anything
        return f"<{type(value).__name__}>"


def shown(value: object) -> str:
    """A value as messages show it: its `repr`, of at most 80 characters."""
    text = whole_repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
