"""Names of runs, ids, and text that is fit to be recorded."""

from __future__ import annotations

import random
import re

from headrace.clipping import clip
from headrace.ids import new_id
from headrace.names import _ADJECTIVES, _ANIMALS, generate_name
from headrace.records import MAX_TEXT
from headrace.text import clean, clip_name, describe, describe_error, numbered_name


def test_names_are_an_adjective_and_an_animal() -> None:
    assert all(re.fullmatch(r"[a-z]+-[a-z]+", generate_name()) for _ in range(1000))
    assert "nimble" in _ADJECTIVES
    assert "falcon" in _ANIMALS


def test_no_word_is_there_twice() -> None:
    assert len(_ADJECTIVES) == len(set(_ADJECTIVES)) > 100
    assert len(_ANIMALS) == len(set(_ANIMALS)) > 100


def test_seeding_repeats_neither_names_nor_ids() -> None:
    made = set()
    for _ in range(2):
        random.seed(1)
        made.add((generate_name(), generate_name(), generate_name(), new_id()))
    assert len(made) == 2


def test_making_ids_does_not_disturb_the_users_random_numbers() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    new_id(), generate_name()
    assert random.random() == expected


def test_ids_are_of_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {(made.version, made.variant) for made in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 1000
    assert [made.int >> 80 for made in ids] == sorted(made.int >> 80 for made in ids)


def test_text_is_cut_with_a_marker_that_tells_its_length() -> None:
    assert clip("short") == "short"
    cut = clip("é" * 100_000)
    assert cut.startswith("é" * MAX_TEXT)
    assert cut.endswith("… [cut: the whole is 100,000 characters long]")


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert clean("a\ud800b") == "a?b"
    assert clean("grün") == "grün"


def test_names_are_never_empty_nor_too_long() -> None:
    assert clip_name("") == "unnamed"
    assert len(clip_name("x" * 5000)) == 1024


def test_numbers_stay_at_the_end_of_long_names() -> None:
    assert numbered_name("load", 7) == "load-7"
    assert numbered_name("x" * 1020, 123) == "x" * 1020 + "-123"
    assert numbered_name("x" * 1024, 123) == "x" * 1019 + "…-123"


def test_objects_that_cannot_be_described() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(Broken()) == "<Broken: its __str__ raised RuntimeError>"
    assert describe_error(Broken()) == "Broken: <Broken: its __str__ raised RuntimeError>"
    assert describe_error(KeyError()) == "KeyError"
