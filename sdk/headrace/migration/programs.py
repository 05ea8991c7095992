"""Python programs: their tokens, of which those are rewritten that name something of Prefect's."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from headrace.migration.names import Names, Place
from headrace.migration.texts import rewrite_text
from headrace.migration.words import (
    EVENT_BEGINNING,
    EVENT_WORD,
    PLACEHOLDER,
    VARIABLE,
    WORD,
    Left,
    Rewritten,
    has_counterpart,
    is_prefects,
    renamed,
    speaks_of_prefect,
)

_DOTTED = re.compile(r"prefect(?:_\w+)?(?:\.[A-Za-z_]\w*)+")
#: Names with dots between, and, to be passed over, strings within an expression.
_CHAIN = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_PREFIX = re.compile(r"[A-Za-z]*")


def rewrite_program(source: str) -> Rewritten:
    """A program with Prefect's names in it rewritten; one that is no Python is treated as text."""
    try:
        names = Names.of(ast.parse(source), source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source, newline="").readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return rewrite_text(source)
    lines = io.StringIO(source, newline="").readlines()
    left: list[Left] = []
    # From the end on, so that the places of what comes before stay.
    for index in reversed(range(len(tokens))):
        token = tokens[index]
        if not WORD.search(token.string):
            continue
        if token.type == tokenize.NAME:
            new = _name(names, tokens, index)
        elif token.type == tokenize.STRING:
            new = _string(names, token.string, token.start)
        elif token.type == tokenize.COMMENT:
            new = token.string  # it is prose
        else:  # a part of an f-string, which is a token of its own from Python 3.12 on
            new = EVENT_BEGINNING.sub("headrace", token.string)
        if new != token.string:
            _put(lines, token, new)
        if token.type != tokenize.COMMENT and not names.is_prose(token.start):
            left[:0] = _left(token.start[0], new, is_name=token.type == tokenize.NAME)
    return Rewritten("".join(lines), left)


def _put(lines: list[str], token: tokenize.TokenInfo, new: str) -> None:
    (first, begin), (last, end) = token.start, token.end
    whole = lines[first - 1][:begin] + new + lines[last - 1][end:]
    lines[first - 1 : last] = whole.splitlines(keepends=True)


def _left(line: int, text: str, *, is_name: bool) -> Iterator[Left]:
    """The lines of a string that still speak of Prefect; the user's own names are nobody else's."""
    if not is_name:
        for number, part in enumerate(text.splitlines(), line):
            if speaks_of_prefect(part):
                yield Left(number, part.strip())


def _name(names: Names, tokens: list[tokenize.TokenInfo], index: int) -> str:
    """What a name becomes that has the word in it."""
    name = tokens[index].string
    if (within := names.import_at(tokens[index].start)) is not None:
        is_alias = tokens[index - 1].string == "as"
        return renamed(name) if within and not is_alias else name
    root = index
    while root > 1 and tokens[root - 1].string == "." and tokens[root - 2].type == tokenize.NAME:
        root -= 2
    if root != index:
        ours = tokens[root].string in names.roots
    elif tokens[index - 1].string == ".":
        ours = False  # of a value of which nothing is known
    else:
        ours = names.are_imported(name) and not _is_keyword(tokens, index)
    return renamed(name) if ours or names.is_variable(name) else name


def _is_keyword(tokens: list[tokenize.TokenInfo], index: int) -> bool:
    """Whether a name is that of an argument in a call."""
    before, after = tokens[index - 1].string, tokens[index + 1].string
    return after == "=" and before in ("(", ",")


def _string(names: Names, text: str, place: Place) -> str:
    """What a string becomes: it stays, unless it is a name of Prefect's and nothing else."""
    prefix = _PREFIX.match(text)
    assert prefix is not None
    if "f" in prefix.group().lower():
        return _formatted(names, text)
    value = ast.literal_eval(text)
    if not isinstance(value, str):
        return text
    if names.is_annotation(place):
        return text.replace(value, _expression(names, value))
    is_name = (
        VARIABLE.fullmatch(value) is not None
        or value in names.imported - {"prefect"}
        or (is_prefects(value) and names.is_module_name(place))
        or EVENT_WORD.match(value) is not None
        or (_DOTTED.fullmatch(value) is not None and is_prefects(value) and has_counterpart(value))
    )
    return renamed(text) if is_name else PLACEHOLDER.sub(r"\1headrace", text)


def _formatted(names: Names, text: str) -> str:
    """An f-string, within whose braces stand expressions; in Python 3.11 it is one token."""
    parts, depth, begin = [], 0, 0
    index = 0
    while index < len(text):
        letter = text[index]
        if depth == 0 and text[index : index + 2] in ("{{", "}}"):
            index += 2
            continue
        if letter == "{":
            if depth == 0:
                parts += [_beginning(text[begin:index]), "{"]
                begin = index + 1
            depth += 1
        elif letter == "}" and depth:
            depth -= 1
            if depth == 0:
                parts.append(_expression(names, text[begin:index]))
                begin = index
        index += 1
    return "".join([*parts, text[begin:]])


def _beginning(text: str) -> str:
    """What stands before an expression, such as the kind of a thing before its id."""
    head, quote, name = text.rpartition('"' if '"' in text else "'")
    return head + quote + EVENT_BEGINNING.sub("headrace", name)


def _expression(names: Names, text: str) -> str:
    """An expression that stands within a string."""

    def chain(found: re.Match[str]) -> str:
        root = found.group().partition(".")[0]
        return renamed(found.group()) if root in names.roots else found.group()

    return _CHAIN.sub(chain, text)
