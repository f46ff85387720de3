"""Languages that programs often confuse: which those are, and the words that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from msgspec import Struct, field

_APOSTROPHES = "’ʼʻ‘`"
# ASCII in small letters, with a blank in the place of what is no letter.
_LETTERS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalpha() else 32 for code in range(256))
_MOST_REMEMBERED = 20_000  # words
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


class _WordsOf(Struct, frozen=True):
    """The words of a language: those that are written out, and the pattern of the others."""

    whole: frozenset[str]
    others: re.Pattern[str] | None
    # Words that were met and are none of it, so that they are not tried again.
    strange: set[str] = field(default_factory=set)


class _Tables(Struct, frozen=True):
    unknown: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    families: tuple[tuple[str, ...], ...]
    words: Mapping[str, _WordsOf]  # of a language, in lower case
    maybe: Mapping[str, _WordsOf]


@cache
def _tables() -> _Tables:
    groups: list[tuple[str, ...]] = []
    families: list[tuple[str, ...]] = []
    unknown: list[str] = []
    words: dict[str, list[str]] = {}
    maybe: dict[str, list[str]] = {}
    text = Path(__file__).with_name("confused_languages.txt").read_text(encoding="utf-8")
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


def _pattern(words: Iterable[str]) -> _WordsOf:
    letters = r"[\w']*"
    those = list(words)
    parts = [re.escape(word).replace(r"\*", letters) for word in those if "*" in word]
    return _WordsOf(
        frozenset(word for word in those if "*" not in word), re.compile("|".join(parts)) if parts else None
    )


@cache
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


def by_words(text: str, group: Sequence[str]) -> str | None:
    """The language of the group that the words of the text speak for; None: no words, or as many for another one.

    One word is enough where none speaks for another language; else a language needs two more than the next one.
    """
    table = _tables().words
    if table.keys().isdisjoint(group):
        return None
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


@lru_cache(1)  # the same text is asked about for several languages
def _words(text: str) -> frozenset[str]:
    plain = text
    for sign in _APOSTROPHES:
        plain = plain.replace(sign, "'")
    if plain.isascii() and "'" not in plain:
        return frozenset(plain.encode().translate(_LETTERS).decode().split())
    return frozenset(_WORD.findall(plain.lower()))


def _count(words: frozenset[str], of: _WordsOf) -> int:
    count = len(words & of.whole)
    if of.others is not None:
        tried = words - of.whole - of.strange
        found = {word for word in tried if of.others.fullmatch(word)}
        count += len(found)
        if len(of.strange) > _MOST_REMEMBERED:
            of.strange.clear()
        of.strange.update(tried - found)
    return count
