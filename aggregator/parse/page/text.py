"""Which of the elements of a page holds its report, checked by what a second reader says: JSON-LD, or trafilatura."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct

from aggregator.parse.page.body import cleaned, paragraphs_in
from aggregator.parse.page.region import Region
from aggregator.parse.page.tree import Element, spaced
from aggregator.text.separators import words_of

_AGREE, _HALF = 0.85, 0.45
_ENOUGH, _SURE = 3, 600  # paragraphs, characters of a text whose element says that it is one
_SHORTEST = 300  # characters from which a text in JSON-LD says where the report stands
_MOST_COMPARED = 60_000  # characters


class Read(Struct, frozen=True):
    """The paragraphs of a report."""

    paragraphs: tuple[str, ...]
    rule: str
    body: Element  # in which they stand


def read(region: Region, article_body: str, by_trafilatura: Callable[[], list[str]]) -> Read:
    """`article_body`: what JSON-LD says that the text is, in plain words; ''. `by_trafilatura`: what that reads of the
    page, which is asked where neither is enough.
    """
    own = paragraphs_in(region.body)
    stated = cleaned(spaced(each) for each in article_body.split("\n"))
    length = sum(map(len, stated))
    if length >= _SHORTEST and length >= 0.6 * sum(map(len, own)):
        return _checked(region, own, stated, "json-ld")
    if region.is_named and len(own) >= _ENOUGH and sum(map(len, own)) >= _SURE:
        return Read(tuple(own), "elements", region.body)
    return _checked(region, own, by_trafilatura(), "trafilatura")


def _checked(region: Region, own: list[str], second: list[str], rule: str) -> Read:
    """What the elements of the page hold, where both readers mean the same place; else what the second one says."""
    said = _shingles(second)
    if not said:
        return Read(tuple(own), "elements", region.body)
    precision, recall = _shares(_shingles(own), said)
    if precision >= _AGREE and recall >= (_HALF if rule == "trafilatura" else _AGREE):
        return Read(tuple(own), "elements", region.body)
    best, most, body = own, _likeness(precision, recall), region.body
    for each in region.others:
        if (now := _likeness(*_shares(_shingles(found := paragraphs_in(each)), said))) > most:
            best, most, body = found, now, each
    if most >= _HALF:
        return Read(tuple(best), "elements", body)
    return Read(tuple(second), rule, body)


def _shingles(paragraphs: Sequence[str]) -> Counter[tuple[str, ...]]:
    words = words_of(" ".join(paragraphs)[:_MOST_COMPARED].lower())
    return (
        Counter(zip(words, words[1:], words[2:], strict=False))
        if len(words) > 2
        else Counter([tuple(words)] if words else [])
    )


def _shares(one: Counter[tuple[str, ...]], other: Counter[tuple[str, ...]]) -> tuple[float, float]:
    """How much of the one is in the other, and of the other in the one."""
    both = (one & other).total()
    return both / max(one.total(), 1), both / max(other.total(), 1)


def _likeness(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
