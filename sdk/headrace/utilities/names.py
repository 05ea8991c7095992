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


def obfuscate_string(text: str, show_tail: bool = False) -> str:
    """The same as `obfuscate`."""
    return obfuscate(text, show_tail)


def obfuscate(text: object, show_tail: bool = False) -> str:
    """Stars in place of a text; with its last four characters if it is long enough for that."""
    result = OBFUSCATED_PREFIX + "*" * 4
    plain = str(text)
    return result[:-4] + plain[-4:] if show_tail and len(plain) > 10 else result
