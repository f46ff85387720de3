"""Which topic a publisher's category means, by the table beside this file, which is for people too. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from aggregator.tags import topic_lists
from aggregator.tags.vocabulary import first_level, topics

FILE = Path(__file__).with_name("categories.txt")

# Words that join the parts of a category. Whether one stands there makes no difference, nor a sign in its place.
_JOINING = frozenset(("and", "et", "e", "y", "na", "da", "und", "iyo", "en", "ve", "dan", "i", "و", "n"))
_PATH = re.compile(r"\s*(?:[>/|»\\]|::)\s*")  # what stands between the steps of a path: "News > Sport"
_CODE = re.compile(r"(?:medtop:|https?://cv\.iptc\.org/newscodes/mediatopic/)(\d{8})")
_ARTICLE = "ال"
_AND = "و"  # Arabic, written with the word behind it

_MOST_KEPT = 2_000  # answers that are remembered: a wire's publishers have a few hundred categories

_Topics = Mapping[str | None, frozenset[str] | None]  # topics with the languages in which; None: in all
_Stated = list[tuple[str | None, str, bool]]  # topic, language, and whether it is meant in that one only


@lru_cache(_MOST_KEPT)
def key(category: str) -> str:
    """What two ways of writing one category have in common: "Arts & Culture", "arts and culture"."""
    return _key(category)


def _key(category: str) -> str:
    words = topic_lists.words(category)
    if len(words) == 1 and words[0].isascii():
        return words[0]
    parts: list[str] = []
    for word in words:
        if word.isascii():
            parts.append(word)
            continue
        if word.startswith(_AND) and parts and len(word) > 3:
            word = word.removeprefix(_AND)
        if word.startswith(_ARTICLE) and len(word) > 4:
            word = word.removeprefix(_ARTICLE)
        parts.append(word)
    last = len(parts) - 1
    return " ".join(word for place, word in enumerate(parts) if place in (0, last) or word not in _JOINING)


@lru_cache(_MOST_KEPT)
def topic_of(category: str, language: str | None) -> str | None:
    """The topic that the table gives to a category in a report of this language; None: it gives none.

    A path has the topic of its steps, the last that has one, if they agree on that of the first level.
    """
    if stated := _CODE.fullmatch(category.strip()):
        return stated[1] if stated[1] in topics() else None
    whole = key(category)
    if whole in _table():
        return _one_of(_meant(whole), language)
    steps = [step for step in _PATH.split(category) if step]
    if len(steps) < 2:
        return None
    found = [topic for step in steps if (topic := _one_of(_meant(key(step)), language))]
    return found[-1] if len(set(map(first_level, found))) == 1 else None


def _one_of(meant: _Topics, language: str | None) -> str | None:
    """Of the topics that one category may mean."""
    base = (language or "").partition("-")[0]
    if len(meant) == 1:
        ((topic, languages),) = meant.items()
        return topic if languages is None or base in languages else None
    here = [topic for topic, languages in meant.items() if languages and base in languages]
    if len(here) == 1:
        return here[0]
    broad = {topic and first_level(topic) for topic in meant}
    return broad.pop() if len(broad) == 1 else None


def _meant(name: str) -> _Topics:
    """By key. Languages count where a category stands under several topics, or where its line begins with `only`."""
    languages: dict[str | None, set[str]] = defaultdict(set)
    stated = _table().get(name, ())
    for topic, language, _ in stated:
        languages[topic].add(language)
    if len(languages) == 1 and not all(is_only for _, _, is_only in stated):
        return dict.fromkeys(languages)
    return {topic: frozenset(each) for topic, each in languages.items()}


@cache
def _table() -> Mapping[str, _Stated]:
    """What the file says, by key."""
    of: dict[str, _Stated] = {}
    for topic, label, written in topic_lists.lines(FILE):
        language = label.removeprefix("only ")
        stated = (topic, language, label != language)
        for name in map(_key, written):
            of.setdefault(name, []).append(stated)
    return of
