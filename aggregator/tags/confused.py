"""Languages that programs often confuse: which those are, and the words that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_APOSTROPHES = str.maketrans("’ʼʻ‘`", "'''''")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class _Tables:
    unknown: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    families: tuple[tuple[str, ...], ...]
    words: Mapping[str, re.Pattern[str]]  # of a language, in lower case
    maybe: Mapping[str, re.Pattern[str]]


@cache
def _tables() -> _Tables:
    groups: list[tuple[str, ...]] = []
    families: list[tuple[str, ...]] = []
    unknown: list[str] = []
    words: dict[str, list[str]] = {}
    maybe: dict[str, list[str]] = {}
    text = files("aggregator.tags").joinpath("confused_languages.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        kind, *values = line.split() or ["#"]
        if kind == "group":
            groups.append(tuple(values))
        elif kind == "unknown":
            unknown += values
        elif kind == "family":
            families.append(tuple(values))
        elif kind == "maybe":
            maybe.setdefault(values[0], []).extend(values[1:])
        elif kind != "#":
            words.setdefault(kind, []).extend(values)
    patterns = {language: _pattern(each) for language, each in words.items()}
    return _Tables(
        tuple(unknown), tuple(groups), tuple(families), patterns, {name: _pattern(each) for name, each in maybe.items()}
    )


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    letters = r"[\w']*"
    return re.compile("|".join(re.escape(word).replace(r"\*", letters) for word in words))


def group_of(language: str) -> tuple[str, ...]:
    """The languages that this one is often confused with, itself among them; () when there are none."""
    return next((group for group in _tables().groups if language in group), ())


def are_relatives(one: str, other: str) -> bool:
    """Whether a program may take one of these two languages for the other where it knows only one of them."""
    return any(one in family and other in family for family in _tables().families)


def is_spoken(language: str) -> bool:
    """Whether a feed that says this language, which no library knows, may be believed: software does not say it."""
    tables = _tables()
    return language in tables.unknown or any(language in family for family in tables.families)


def by_words(text: str, group: Iterable[str]) -> str | None:
    """The language of the group that the words of the text speak for; None: no words, or as many for another one.

    One word is enough where none speaks for another language; else a language needs two more than the next one.
    """
    table = _tables().words
    found = _words(text)
    counts = sorted(((_count(found, table[each]), each) for each in group if each in table), reverse=True)
    (most, language), (next_most, _) = [*counts, (0, ""), (0, "")][:2]
    if most >= next_most + 2 or (most and not next_most):
        return language
    return None


def speaks_for(text: str, language: str) -> bool:
    """Whether a word of the text is one of this language, or may be one."""
    tables, found = _tables(), _words(text)
    return any(_count(found, table[language]) for table in (tables.words, tables.maybe) if language in table)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.translate(_APOSTROPHES).lower()))


def _count(words: Iterable[str], pattern: re.Pattern[str]) -> int:
    return sum(1 for word in words if pattern.fullmatch(word))
