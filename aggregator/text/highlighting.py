"""Which words of a text a search has found: the text as it stands, in pieces, each found or not. Pure.

Words are compared as the index of words has them (`folding`, `separators`, `word_forms`), so that what is found with
other accents, another article or another form of a letter is shown where it stands. No piece begins or ends within what
people take for one character (Unicode Standard Annex 29).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from aggregator.model import AnyOf, Part, Phrase, Query
from aggregator.text.folding import fold
from aggregator.text.query import needles_of
from aggregator.text.separators import is_separator

Piece = tuple[str, bool]  # text, and whether it was found

_LONGEST = 1_000  # characters of a text that are looked at at once
_LOOKED_AT = 5  # places with words that were found, of which the one with the most of them is shown
_BEFORE = 60  # characters that a snippet has before the first of them
_RUN = re.compile(r"\S+")
_ASCII_WORD = re.compile("[a-z0-9]+")  # in ASCII all else separates
_ASCII = "".join(" " if is_separator(chr(each)) else chr(each) for each in range(128))
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words that are looked for, folded."""

    words: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    phrases: frozenset[tuple[tuple[str, ...], bool]] = frozenset()  # of several words; the last may be a beginning
    hint: re.Pattern[str] | None = None  # where a folded text has no part like this nothing is found; None: nowhere


@dataclass(frozen=True, slots=True)
class _Word:
    folded: str
    start: int
    end: int


def wanted(query: Query, *, in_title: bool = False) -> Wanted:
    """What a query looks for in headlines, or elsewhere; what it excludes is not looked for."""
    words, beginnings, phrases = set[str](), set[str](), set[tuple[tuple[str, ...], bool]]()
    for phrase in _phrases(query.wanted):
        if phrase.in_title and not in_title:
            continue
        for needle in needles_of(phrase):
            said = tuple(needle.split())
            if len(said) > 1:
                phrases.add((said, phrase.begins))
            elif phrase.begins:
                beginnings.add(said[0])
            else:
                words.add(said[0])
    begun = {*beginnings, *(max(said, key=len) for said, _ in phrases)}
    hint = _hint(words, begun) if words or begun else None
    return Wanted(frozenset(words), tuple(sorted(beginnings)), frozenset(phrases), hint)


def _hint(words: Collection[str], begun: Collection[str]) -> re.Pattern[str]:
    """Whole words, and others that may go on: no letter or digit of ASCII, which separates nothing, is beside them."""
    whole, others = ("|".join(map(re.escape, sorted(each))) for each in (words, begun))
    said = [f"(?:{whole})(?![a-z0-9])"] * bool(words) + [f"(?:{others})"] * bool(begun)
    return re.compile(f"(?<![a-z0-9])(?:{'|'.join(said)})")


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
    for part in _parts(text):
        if not _may_have(part, of) or not (found := _found(part, of)):
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
    """False: none of the words is in it. It is much faster than to look where they are."""
    return of.hint is not None and of.hint.search(fold(text)) is not None


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
    if text.isascii() and not of.phrases:  # a tenth of the time
        return list(_found_in_ascii(text.lower(), of))
    words = list(_words(text))
    places = {
        place
        for place, each in enumerate(words)
        if each.folded in of.words or (of.beginnings and each.folded.startswith(of.beginnings))
    }
    for said, begins in of.phrases:
        for place in range(len(words) - len(said) + 1):
            if _is_at(words, place, said, begins):
                places.update(range(place, place + len(said)))
    return [words[place] for place in sorted(places)]


def _found_in_ascii(folded: str, of: Wanted) -> Iterator[_Word]:
    for hint in of.hint.finditer(folded) if of.hint else ():
        word = _ASCII_WORD.match(folded, hint.start())
        if word and (word[0] in of.words or (of.beginnings and word[0].startswith(of.beginnings))):
            yield _Word(word[0], word.start(), word.end())


def _is_at(words: Sequence[_Word], place: int, said: tuple[str, ...], begins: bool) -> bool:
    *whole, last = said
    if any(words[place + number].folded != word for number, word in enumerate(whole)):
        return False
    folded = words[place + len(whole)].folded
    return folded.startswith(last) if begins else folded == last


# Words, and where they stand


def _words(text: str) -> Iterator[_Word]:
    """The words of a text as the index has them, each with its place in the text as it stands."""
    for run in _RUN.finditer(text):
        if run[0].isascii():
            for each in _RUN.finditer(run[0].lower().translate(_ASCII)):
                end = run.start() + each.end()
                yield _Word(each[0], run.start() + each.start(), _behind_marks(text, end))
        else:
            yield from _words_of_run(text, run.start(), run.end())


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
