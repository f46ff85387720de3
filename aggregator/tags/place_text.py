"""A text's words as places are looked up by: folded, with where they stand and how they are written. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from aggregator.text.folding import fold

# In what letters a text is written: all capitals and all small ones say nothing about which words are names, nor do
# headlines in which every word begins with a capital.
Case = Literal["mixed", "every word", "capitals", "small"]

# Signs inside words that nobody sees: soft hyphen, zero width, direction, U+FEFF.
_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_UNSEEN_SIGN = re.compile(f"[{_UNSEEN}]")
# Marks belong to their letters, though Python takes few of them for parts of words.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u135d-\u135f"
    "\u0900-\u0903\u093a-\u094f"
)
# Signs that Unicode takes for letters and that people type for apostrophes.
_APOSTROPHES = "\u02b9-\u02bf\u02c8\u02ca\u02cb\ua78b\ua78c"
_LETTER = f"[^\\W_{_APOSTROPHES}]"
_WORD = re.compile(f"[{_UNSEEN}]*{_LETTER}+(?:[{_UNSEEN}{_MARKS}]+{_LETTER}*)*")
_ASCII_WORD = re.compile("[a-z0-9]+")
# Letters that Unicode does not take apart and that people type plain: Turkish, Hausa, Polish, Scandinavian, Amharic.
_PLAIN = str.maketrans({"ı": "i", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ø": "o", "ł": "l", "đ": "d", "ə": "e"})
_FEW = 3  # such words; of fewer nobody can say
_LONG = 4  # letters of a word that headlines in capitals do not write small

_ARABIC = re.compile("[\u0621-\u064a]+")
_CONJUNCTIONS, _PREPOSITIONS, _ARTICLE, _TO_THE = "وف", "بلك", "ال", "لل"
_LEAST = 3  # letters that stay when particles are taken from an Arabic word


class Words(Struct, frozen=True):
    """A text and its words."""

    text: str
    spans: tuple[tuple[int, int], ...]
    keys: tuple[str, ...]  # folded

    @property
    def case(self) -> Case:
        return _case(self.text)

    def word(self, number: int) -> str:
        """As it stands, without signs that nobody sees."""
        first, end = self.spans[number]
        return _UNSEEN_SIGN.sub("", self.text[first:end])

    def between(self, number: int) -> str:
        """What stands before a word, behind the one before it; behind the last word: to the end."""
        first = self.spans[number - 1][1] if number else 0
        end = self.spans[number][0] if number < len(self.spans) else len(self.text)
        return self.text[first:end]

    def quote(self, first: int, end: int) -> str:
        """The words from `first` to before `end` as they stand in the text."""
        return self.text[self.spans[first][0] : self.spans[end - 1][1]]


def words_in(text: str) -> Words:
    spans = tuple(found.span() for found in _WORD.finditer(text))
    return Words(text, spans, tuple(_key(text[first:end]) for first, end in spans))


def keys_of(name: str) -> tuple[str, ...]:
    """A name's words, folded."""
    if name.isascii():
        small = name.lower()
        return (small,) if small.isalnum() else tuple(_ASCII_WORD.findall(small))
    return tuple(map(_key, _WORD.findall(name)))


@lru_cache(20_000)
def _key(word: str) -> str:
    return fold(word if word.isascii() else _UNSEEN_SIGN.sub("", word)).translate(_PLAIN)


@lru_cache(8)  # a report's parts, each asked for many times
def _case(text: str) -> Case:
    words = [each for each in _UNSEEN_SIGN.sub("", text).split() if each.lower() != each.upper()]
    if not words:
        return "mixed"
    if all(each.islower() for each in words):
        return "small"
    if sum(each.isupper() for each in words) * 5 >= len(words) * 4:
        return "capitals"
    long = [each for each in words if len(each) >= _LONG]
    high = sum(not each[0].islower() for each in long)
    if len(long) == _FEW:
        return "every word" if high == _FEW else "mixed"
    return "every word" if len(long) > _FEW and high * 5 >= len(long) * 4 else "mixed"


@lru_cache(20_000)
def forms(key: str) -> tuple[str, ...]:
    """A folded word, and what it may be behind the particles that Arabic writes with it (and, in, to, as)."""
    if not _ARABIC.fullmatch(key):
        return (key,)
    found = [key]
    for word in (key, key[1:]) if key[0] in _CONJUNCTIONS else (key,):
        found.append(word)
        if word.startswith(_TO_THE):
            found.append(_ARTICLE + word[len(_TO_THE) :])
        if word[:1] in _PREPOSITIONS:
            found.append(word[1:])
    return tuple(dict.fromkeys(each for each in found if each == key or len(each) >= _LEAST))
