"""Which topics the words of a report speak for, by the lists in the folder beside this file. Pure.

A file of the folder is a language: sections of topics as `topic_lists` reads them. A line says how much its words
count:

- `sure`: practically only reports about that topic have them; one in the headline is enough;
- `likely`: most that have them are about it; a second word must stand beside;
- `weak`: they often stand in such reports, and elsewhere too; they only add to others.

Of words that could belong to several phrases the longest phrase counts, and what `[none]` lists counts for no topic
("storm of criticism"). Words are compared whole and folded. An Arabic word is found with its article and the particles
that are written with it (`text.word_forms`), an Amharic one with the commonest prefixes and suffixes; plurals and other
forms are listed. Such forms are many, so they are not made: a word that is met is taken apart.

What stands between two spaces comes again and again, so what was found of it is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain, compress
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field

from aggregator.tags import topic_lists
from aggregator.text.separators import words_of
from aggregator.text.word_forms import forms_of_each, phrase_forms, stems_in, stems_of

FOLDER = Path(__file__).with_name("topic_words")

WEIGHTS = {"sure": 1.0, "likely": 0.8, "weak": 0.4}
_ARABIC_OBJECT = "ا"  # what an object without an article ends in
# Amharic: of, in, to, from; the object and "and".
_AMHARIC_BEFORE = ("", "የ", "በ", "ለ", "ከ")
_AMHARIC_BEHIND = ("", "ን", "ና", "ም")
_MOST_REMEMBERED = 20_000  # pieces of texts, of a language


class Form(NamedTuple):
    """A word or a phrase of a list, filed under its first word."""

    others: tuple[frozenset[str], ...]  # the words behind the first, folded: each one of these
    number: int  # in the order of the list
    entry: int  # forms of one entry of a list have one number
    topic: str | None  # of the first level; None: it counts for none
    weight: float


Met = tuple[Form, int, int]  # a form that stands in a text, and the first and the last of its words, counted from 0


class _Begun(NamedTuple):
    """The forms that begin with a word."""

    alone: Form | None  # the word by itself
    others: Mapping[str, Sequence[Form]]  # by the second word: the longest first, and then those that are listed first


_Words = tuple[str, ...]
_Behind = tuple[frozenset[str], ...]
# A form that was not met: what makes its `others` of these words; its number, entry, topic and weight. A language has
# thousands, and the reports of an hour have a few hundred of them.
_Filed = tuple[Callable[[_Words], _Behind], _Words, tuple[int, int, str | None, float]]


class _List(Struct, frozen=True):
    """The forms of a language."""

    whole: Mapping[str, Sequence[_Filed]]  # by the first word as it is listed
    made: Mapping[str, Sequence[_Filed]]  # by that of which `stems` may find that it was made
    stems: Callable[[str], Iterable[str]]
    # What was met: the words of what stood between two spaces, and what begins with a word; None: nothing does.
    words: dict[str, Sequence[str]] = field(default_factory=dict)
    begun: dict[str, _Begun | None] = field(default_factory=dict)

    def words_of(self, pieces: Sequence[str]) -> list[str]:
        """The words of a text."""
        try:
            return list(chain.from_iterable(map(self.words.__getitem__, pieces)))
        except KeyError:
            self._remember(set(pieces) - self.words.keys())
            return list(chain.from_iterable(map(self.words.__getitem__, pieces)))

    def _remember(self, pieces: Iterable[str]) -> None:
        if len(self.words) >= _MOST_REMEMBERED:
            self.words.clear()
            self.begun.clear()
        for piece in pieces:
            self.words[piece] = words = tuple(words_of(topic_lists.plain(piece)))
            self.begun.update((word, self._begun(word)) for word in words if word not in self.begun)

    def _begun(self, word: str) -> _Begun | None:
        made = [filed for stem in self.stems(word) for filed in self.made.get(stem, ())]
        filed = (*self.whole.get(word, ()), *made)
        if not filed:
            return None
        forms = [Form(behind(words), *rest) for behind, words, rest in filed]
        forms.sort(key=lambda form: (-len(form.others), form.number))
        by_second: dict[str, list[Form]] = {}
        for form in forms:
            for second in form.others[0] if form.others else ():
                by_second.setdefault(second, []).append(form)
        alone = next((form for form in forms if not form.others), None)
        return _Begun(alone, by_second)


@cache
def languages() -> frozenset[str]:
    """Those that have a list."""
    return frozenset(file.stem for file in FOLDER.glob("*.txt"))


def met(pieces: Sequence[str], language: str) -> list[Met]:
    """What of a language's lists stands in a text, in its order, none within another. `pieces`: of the text, what
    stands between spaces.
    """
    of = _list(language)
    words = of.words_of(pieces)
    begun = list(map(of.begun.__getitem__, words))
    found: list[Met] = []
    behind, count = 0, len(words)  # the form before; the last word
    for first, begins in compress(enumerate(begun), begun):
        if first < behind or begins is None:
            continue
        alone, others = begins
        behind = first + 1
        if others and behind < count and (longer := others.get(words[behind])):
            longest = next((form for form in longer if _stands(form.others, words, behind)), None)
            if longest is not None:
                behind += len(longest.others)
                found.append((longest, first, behind - 1))
                continue
        if alone is not None:
            found.append((alone, first, first))
        else:
            behind = first
    return found


def _stands(others: Sequence[frozenset[str]], words: Sequence[str], first: int) -> bool:
    """Whether words stand behind each other from this one on, of which the first does."""
    if len(others) == 1:
        return True
    there = words[first : first + len(others)]
    return len(there) == len(others) and all(word in allowed for word, allowed in zip(there, others, strict=True))


def ends_of_pieces(pieces: Sequence[str], language: str) -> list[int]:
    """How many of a text's words stand in its first piece, in its first two, and so on."""
    of = _list(language)
    of.words_of(pieces)  # so that all are remembered
    return list(accumulate(map(len, map(of.words.__getitem__, pieces))))


@cache
def _list(language: str) -> _List:
    whole: dict[str, list[_Filed]] = {}
    made: dict[str, list[_Filed]] = {}
    stems = {"ar": stems_in, "am": _amharic_stems}.get(language, _no_stems)
    filed_as = {"ar": _arabic, "am": _amharic}.get(language, _as_listed)
    number = 0
    for entry, (topic, written, weight) in enumerate(entries(language)):
        for form in topic_lists.forms(written):
            for table, first, behind, words in filed_as(form):
                number += 1
                filed = made if table == "made" else whole
                filed.setdefault(first, []).append((behind, words, (number, entry, topic, weight)))
    return _List(whole, made, stems)


def entries(language: str) -> Iterable[tuple[str | None, str, float]]:
    """Topic, what is written, and how much it counts: of a language's file, in its order."""
    for topic, label, written in topic_lists.lines(FOLDER / f"{language}.txt"):
        for each in written:
            yield topic, each, WEIGHTS[label] if topic else 0


# How the forms of a listed word are filed: where, under which first word, and of which words what stands behind it is
# made, and how

_Of = Iterable[tuple[str, str, Callable[[_Words], _Behind], _Words]]


def _as_listed(form: str) -> _Of:
    return (_whole(topic_lists.words(form)),)


def _whole(words: Sequence[str]) -> tuple[str, str, Callable[[_Words], _Behind], _Words]:
    return "whole", words[0], _these, tuple(words[1:])


def _these(words: _Words) -> _Behind:
    return tuple(frozenset((each,)) for each in words)


def _no_stems(_: str) -> Iterable[str]:
    return ()


def _arabic(form: str) -> Iterator[tuple[str, str, Callable[[_Words], _Behind], _Words]]:
    words = tuple(form.split())
    stems = _stems(words[0])
    if not stems or not all(map(_stems, words[1:])):
        yield from (_whole(each.split()) for each in phrase_forms(words))
    else:
        yield "whole", stems[0], _arabic_behind, words
        yield from (("made", stem, _arabic_behind, words) for stem in dict.fromkeys(stems[1:]))
    if len(words) == 1:
        yield _whole(topic_lists.words(form + _ARABIC_OBJECT))


_stems = lru_cache(5_000)(stems_of)  # phrases have many words in common


def _arabic_behind(words: _Words) -> _Behind:
    return tuple(map(frozenset, forms_of_each(words)[1:])) if len(words) > 1 else ()


def _amharic(form: str) -> _Of:
    first, *others = topic_lists.words(form)
    return (("made", _of_several(first) if others else first, _amharic_behind, tuple(others)),)


def _amharic_behind(words: _Words) -> _Behind:
    if not words:
        return ()
    return *_these(words[:-1]), frozenset(words[-1] + behind for behind in _AMHARIC_BEHIND)


def _of_several(word: str) -> str:
    """Under what a phrase is filed; the first of its words has nothing behind it, as a single word may have."""
    return f"{word} "


def _amharic_stems(word: str) -> Iterable[str]:
    bare = [word[len(before) :] for before in _AMHARIC_BEFORE if word.startswith(before)]
    for each in bare:
        yield _of_several(each)
        yield from (each.removesuffix(behind) for behind in _AMHARIC_BEHIND if each.endswith(behind))
