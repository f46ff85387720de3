"""Which topics the words of a report speak for, by the lists in the folder beside this file. Pure.

A file of the folder is a language: sections of topics as `topic_lists` reads them. A line says how much its words
count:

- `sure`: practically only reports about that topic have them; one in the headline is enough;
- `likely`: most that have them are about it; a second word must stand beside;
- `weak`: they often stand in such reports, and elsewhere too; they only add to others.

Of words that could belong to several phrases the longest phrase counts, and what `[none]` lists counts for no topic
("storm of criticism"). Words are compared whole and folded. An Arabic word is found with its article and the particles
that are written with it (`text.word_forms`), an Amharic one with the commonest prefixes and suffixes; plurals and other
forms are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aggregator.tags import topic_lists
from aggregator.text.word_forms import phrase_forms

FOLDER = Path(__file__).with_name("topic_words")

WEIGHTS = {"sure": 1.0, "likely": 0.8, "weak": 0.4}
_ARABIC_OBJECT = "ا"  # what an object without an article ends in
# Amharic: of, in, to, from; the object and "and".
_AMHARIC_BEFORE = ("", "የ", "በ", "ለ", "ከ")
_AMHARIC_BEHIND = ("", "ን", "ና", "ም")


@dataclass(frozen=True, slots=True)
class Form:
    """A word or a phrase of a list, in one of its forms, filed under its first word."""

    others: tuple[str, ...]  # the words behind the first, folded
    entry: int  # forms of one entry of a list have one number
    topic: str | None  # of the first level; None: it counts for none
    weight: float


class Met(NamedTuple):  # a dozen of a report, so that what it costs to make one counts
    """A form that stands in a text."""

    form: Form
    first: int  # its first word, counted from 0
    last: int


@cache
def languages() -> frozenset[str]:
    """Those that have a list."""
    return frozenset(file.stem for file in FOLDER.glob("*.txt"))


def met(words: Sequence[str], language: str) -> list[Met]:
    """What of a language's lists stands in folded words, in their order, none within another."""
    table = _table(language)
    found: list[Met] = []
    end = 0  # of the form before
    for first in [number for number, word in enumerate(words) if word in table]:
        for form in table[words[first]] if first >= end else ():
            behind = first + 1 + len(form.others)
            if not form.others or tuple(words[first + 1 : behind]) == form.others:
                found.append(Met(form, first, behind - 1))
                end = behind
                break
    return found


@cache
def _table(language: str) -> Mapping[str, tuple[Form, ...]]:
    """The forms by their first words, the longest first."""
    by_first: dict[str, tuple[Form, ...]] = {}
    for entry, (topic, written, weight) in enumerate(entries(language)):
        made: dict[tuple[str, ...], tuple[Form, ...]] = {}  # most forms of an entry differ in their first word alone
        for first, *others in _words(written, language):
            behind = tuple(others)
            form = made.get(behind)
            if form is None:
                form = made[behind] = (Form(behind, entry, topic, weight),)
            there = by_first.setdefault(first, form)
            if there is not form and all(each.others != form[0].others for each in there):
                by_first[first] = tuple(sorted((*there, *form), key=lambda each: -len(each.others)))
    return by_first


def entries(language: str) -> Iterable[tuple[str | None, str, float]]:
    """Topic, what is written, and how much it counts: of a language's file, in its order."""
    for topic, label, written in topic_lists.lines(FOLDER / f"{language}.txt"):
        for each in written:
            yield topic, each, WEIGHTS[label] if topic else 0


def _words(written: str, language: str) -> Iterable[tuple[str, ...]]:
    """The forms of an entry, each as its folded words."""
    for form in topic_lists.forms(written):
        if language == "ar":
            yield from (tuple(each.split()) for each in phrase_forms(form.split()))
            if " " not in form:
                yield topic_lists.words(form + _ARABIC_OBJECT)
            continue
        words = topic_lists.words(form)
        yield words
        if language == "am":
            first, last = words[0], words[-1]
            for before in _AMHARIC_BEFORE:
                for behind in _AMHARIC_BEHIND:
                    changed = [*words]
                    changed[0] = before + first
                    changed[-1] = (changed[0] if len(words) == 1 else last) + behind
                    yield tuple(changed)
