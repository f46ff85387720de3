"""IPTC's Media Topics: their codes, which is broader than which, and their labels. Pure.

The table beside this file is made by `python -m tests.make_topics` from the release of 2019-04-06 (International Press
Telecommunications Council, CC BY 4.0, https://iptc.org/standards/media-topics/).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

FILE = Path(__file__).with_name("mediatopics.tsv")
LANGUAGES = ("en", "fr", "pt", "es", "ar", "de")  # of the labels; every topic has an English one


class Topic(Struct, frozen=True):
    """One of the vocabulary."""

    code: str  # eight digits
    broader: str | None  # None: one of the seventeen of the first level
    labels: Mapping[str, str]  # by language


@cache
def topics() -> Mapping[str, Topic]:
    """All of them, by code, in the order of the vocabulary."""
    _, *lines = FILE.read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        code, broader, *labels = line.split("\t")
        by_language = {language: label for language, label in zip(LANGUAGES, labels, strict=True) if label}
        found[code] = Topic(code, broader or None, by_language)
    return found


def first_level(code: str) -> str:
    """The broadest topic above one, or itself. Raises KeyError for a code that is none."""
    topic = topics()[code]
    while topic.broader is not None:
        topic = topics()[topic.broader]
    return topic.code


def with_broader(code: str) -> tuple[str, ...]:
    """A topic and those that it is part of, the broadest last; of a code that is none, nothing."""
    found: list[str] = []
    above: str | None = code
    while above is not None and above in topics():
        found.append(above)
        above = topics()[above].broader
    return tuple(found)


@cache
def first_levels() -> tuple[str, ...]:
    """The codes of the seventeen."""
    return tuple(topic.code for topic in topics().values() if topic.broader is None)
