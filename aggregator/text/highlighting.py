"""Which words of a text a search has found: the text as it stands, in pieces, each found or not. Pure.

Words are compared as the index of words has them (`folding`, `separators`, `word_forms`), so that what is found with
other accents, another article or another form of a letter is shown where it stands. No piece begins or ends within what
people take for one character (Unicode Standard Annex 29).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct, field

from aggregator.model import AnyOf, Part, Phrase, Query
from aggregator.text.folding import fold
from aggregator.text.query import needles_of
from aggregator.text.separators import is_separator, words_of

Piece = tuple[str, bool]  # text, and whether it was found

_LONGEST = 1_000  # characters of a text that are looked at at once
_LOOKED_AT = 5  # places with words that were found, of which the one with the most of them is shown
_MOST_SEARCHED = 40  # parts that may have some: of a long text with all words of a phrase, and nowhere the phrase
_BEFORE = 60  # characters that a snippet has before the first of them
_RUN = re.compile(r"\S+")
_ASCII_WORD = re.compile("[a-z0-9]+")  # in ASCII all else separates
_CUT = "…"


class Wanted(Struct, frozen=True):
    """Words that are looked for, folded."""

    words: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    # Of several words, by the first: the others, and whether the last of them is only the beginning of one.
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], bool], ...]] = field(default_factory=dict)


class _Word(Struct, frozen=True):
    folded: str
    start: int
    end: int


def wanted(query: Query, *, in_title: bool = False) -> Wanted:
    """What a query looks for in headlines, or elsewhere; what it excludes is not looked for."""
    words, beginnings = set[str](), set[str]()
    phrases: dict[str, dict[tuple[tuple[str, ...], bool], None]] = {}  # each once
    for phrase in _phrases(query.wanted):
        if phrase.in_title and not in_title:
            continue
        for needle in needles_of(phrase):
            first, *others = needle.split()
            if others:
                phrases.setdefault(first, {})[tuple(others), phrase.begins] = None
            elif phrase.begins:
                beginnings.add(first)
            else:
                words.add(first)
    return Wanted(frozenset(words), tuple(sorted(beginnings)), {first: tuple(of) for first, of in phrases.items()})


def marked(text: str, of: Wanted) -> tuple[Piece, ...]:
    """The whole text in pieces. Put together they are the text again."""
    if not _may_have(text, of):
        return ((text, False),) if text else ()
    return _pieces(text, _found(text, of), 0, len(text))


def snippet(text: str, of: Wanted, most: int) -> tuple[Piece, ...]:
    """The part of a text in which most of the words are, some `most` characters of one paragraph, with `…` where it is
    cut; (): none of them is in it.
    """
    best: tuple[int, str, list[_Word]] | None = None
    number = 0
    for part in islice((part for part in _parts(text) if _may_have(part, of)), _MOST_SEARCHED):
        if not (found := _found(part, of)):
            continue
        number += 1
        different = len({each.folded for each in found})
        if best is None or different > best[0]:
            best = different, part, found
        if number == _LOOKED_AT:
            break
    if best is None:
        return ()
    _, part, found = best
    start, end = _window(part, found[0], most)
    pieces = _pieces(part, [each for each in found if start <= each.start and each.end <= end], start, end)
    before = ((_CUT, False),) if start else ()
    behind = ((_CUT, False),) if end < len(part) else ()
    return (*before, *pieces, *behind)


def _phrases(parts: Sequence[Part]) -> Iterator[Phrase]:
    for part in parts:
        if isinstance(part, Phrase):
            yield part
        else:
            yield from _phrases(part.parts if isinstance(part, AnyOf) else part.wanted)


def _may_have(text: str, of: Wanted) -> bool:
    """False: none of the words is in it. It is much faster than to look where they are, however many are looked for."""
    words = set(words_of(fold(text)))
    if not of.words.isdisjoint(words) or (of.beginnings and any(word.startswith(of.beginnings) for word in words)):
        return True
    possible = ((others, begins) for first in of.phrases.keys() & words for others, begins in of.phrases[first])
    return any(words.issuperset(others[:-1] if begins else others) for others, begins in possible)


def _parts(text: str) -> Iterator[str]:
    """The paragraphs; of a very long one pieces that end where there is a blank."""
    for line in text.splitlines():
        rest = line.strip()
        while len(rest) > _LONGEST:
            end = _cut(rest, _LONGEST)
            yield rest[:end].rstrip()
            rest = rest[end:].lstrip()
        if rest:
            yield rest


def _window(text: str, first: _Word, most: int) -> tuple[int, int]:
    """Where a snippet begins and ends; it has the whole first word, however long that is."""
    if len(text) <= most:
        return 0, len(text)
    start = max(0, min(first.start - _BEFORE, len(text) - most))
    if start:
        blank = text.find(" ", start, first.start)
        start = blank + 1 if blank >= 0 else first.start
    end = max(min(start + most, len(text)), first.end)
    return start, end if end == len(text) else max(_cut(text, end, start), first.end)


def _cut(text: str, at: int, start: int = 0) -> int:
    """Where a text can be cut so that no more than `at` characters are before it: at a blank, else between what people
    take for characters.
    """
    blank = text.rfind(" ", start + (at - start) // 2, at + 1)
    if blank > start:
        return blank
    end = at
    while end > start + 1 and _joins(text, end):
        end -= 1
    return end if end > start + 1 else at


def _pieces(text: str, found: Sequence[_Word], start: int, end: int) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = start
    for each in found:
        if each.end <= at:  # of one character that stands for several words
            continue
        if each.start > at:
            pieces.append((text[at : each.start], False))
        pieces.append((text[max(at, each.start) : each.end], True))
        at = each.end
    if at < end:
        pieces.append((text[at:end], False))
    return tuple(pieces)


def _found(text: str, of: Wanted) -> list[_Word]:
    """The words of a text that are looked for, in their order."""
    if not of.phrases:
        return list(_words(text, of))
    words = list(_words(text))
    places = {place for place, each in enumerate(words) if _is_single(each.folded, of)}
    for place, each in enumerate(words):
        for others, begins in of.phrases.get(each.folded, ()):
            if _follow(words, place + 1, others, begins):
                places.update(range(place, place + 1 + len(others)))
    return [words[place] for place in sorted(places)]


def _is_single(word: str, of: Wanted) -> bool:
    return word in of.words or (bool(of.beginnings) and word.startswith(of.beginnings))


def _follow(words: Sequence[_Word], place: int, others: tuple[str, ...], begins: bool) -> bool:
    """Whether these stand one behind the other from a place on."""
    *whole, last = others
    found = [each.folded for each in words[place : place + len(others)]]
    if len(found) < len(others) or found[:-1] != whole:
        return False
    return found[-1].startswith(last) if begins else found[-1] == last


# Words, and where they stand


def _words(text: str, singles: Wanted | None = None) -> Iterator[_Word]:
    """The words of a text as the index has them, each with its place in the text as it stands. `singles`: of these
    words alone, as they are looked for one by one.
    """
    for run in _RUN.finditer(text):
        if run[0].isascii():
            for each in _ASCII_WORD.finditer(run[0].lower()):
                if singles is None or _is_single(each[0], singles):
                    end = run.start() + each.end()
                    yield _Word(each[0], run.start() + each.start(), _behind_marks(text, end))
        else:
            found = _words_of_run(text, run.start(), run.end())
            yield from (each for each in found if singles is None or _is_single(each.folded, singles))


def _words_of_run(text: str, first: int, last: int) -> Iterator[_Word]:
    folded, start, end = "", 0, 0
    for at, behind in _characters(text, first, last):
        for sign in fold(text[at:behind]):
            if sign.isspace() or is_separator(sign):
                if folded:
                    yield _Word(folded, start, end)
                folded = ""
            else:
                start = start if folded else at
                folded, end = folded + sign, behind
        if folded and end == at:  # marks alone, which nobody searches for
            end = behind
    if folded:
        yield _Word(folded, start, end)


def _behind_marks(text: str, end: int) -> int:
    while end < len(text) and _joins(text, end):
        end += 1
    return end


def _characters(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Where each of what people take for one character begins and ends."""
    start = first
    while start > 0 and _joins(text, start):  # a mark on a blank
        start -= 1
    for at in range(first + 1, last + 1):
        if at == last or not _joins(text, at):
            yield start, at
            start = at


# Characters that belong to the one before them although they are no marks: joiners, tones of skin, tags, and the voiced
# sound marks of half width; and those to which the next one belongs (UAX 29: Extend, ZWJ and Prepend).
_BEHIND = re.compile("[\u200c\u200d\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_AHEAD = re.compile("[\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")  # letters of which two are a flag


def _joins(text: str, at: int) -> bool:
    """Whether the sign at a place belongs to the one before it. Of flags that stand side by side all belong together,
    and so does whatever stands behind a joiner.
    """
    before, sign = text[at - 1], text[at]
    if sign < "\u0300" and before < "\u0300":
        return False
    return (
        unicodedata.category(sign)[0] == "M"
        or _BEHIND.match(sign) is not None
        or _AHEAD.match(before) is not None
        or _FLAG.match(before + sign) is not None
    )
