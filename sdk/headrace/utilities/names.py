"""Names for things that need some."""

from __future__ import annotations

from headrace.names import generate_name

#: What a secret is shown as.
OBFUSCATED_PREFIX = "****"


def generate_slug(n_words: int = 2) -> str:
    """Words that people can tell apart, joined by dashes, such as `nimble-falcon`."""
    words: list[str] = []
    while len(words) < n_words:
        # A name is an adjective and an animal: the animal comes last.
        adjective, animal = generate_name().split("-")
        words.append(animal if len(words) == n_words - 1 else adjective)
    return "-".join(words)


def obfuscate(text: object, show_tail: bool = False) -> str:
    """Eight characters in place of a text: stars.

    Args:
        text: what is not to be seen; `str` of it counts.
        show_tail: whether up to four of the characters behind the tenth are shown at the end.
    """
    tail = str(text)[10:][-4:] if show_tail else ""
    return (OBFUSCATED_PREFIX * 2)[len(tail) :] + tail


#: The same, by the name that says that it is given a text.
obfuscate_string = obfuscate
