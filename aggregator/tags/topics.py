"""Which topics a report is about: by its publisher's categories, else by its own words, where they are clear. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from aggregator.model.tags import Tag, TagEvidence, Where
from aggregator.tags import topic_words
from aggregator.tags.categories import key, topic_of
from aggregator.tags.topic_words import WEIGHTS, Form, Met
from aggregator.tags.vocabulary import first_level, topics
from aggregator.text.folding import fold

_WEAK = WEIGHTS["weak"]
_HEADLINE = 3  # times as much as in the text
_MOST_WORDS = 80  # of the text: what a report is about stands at its beginning
_LEAST = 2.8  # evidence for an answer of one word: a sure one in the headline
_LEAST_OF_MORE = 1.6  # and of several words: one alone may have another meaning, several seldom have
_MARGIN = 1.4  # times as much as for the next topic
# Where a crime, an accident, a strike or an attack is told, the school that it happened in says less.
_EVENTS = frozenset(("02000000", "03000000", "09000000", "16000000"))
_SETTINGS = frozenset(("05000000",))
_OF_SETTING = 0.4
_LEAST_OF_SEVERAL = 5.0  # evidence for each of two topics
_MOST_EVIDENCE = 8  # words that are kept of one topic


def topics_of(
    title: str, text: str, categories: Sequence[str], language: str | None, own: Mapping[str, str | None]
) -> tuple[Tag, ...]:
    """The topics of a report, the heaviest first.

    `categories`: the publisher's categories; `own`: those of its file, with their codes, or None for no topic. Topics
    below the first level come from categories alone, and bring that of the first level along. Only where categories
    give none are the words of the headline and of the text's beginning counted.
    """
    return (_of_categories(categories, language, own) if categories else ()) or _of_words(title, text, language)


def _of_categories(stated: Sequence[str], language: str | None, own: Mapping[str, str | None]) -> tuple[Tag, ...]:
    mine = {key(category): code for category, code in own.items()}
    found: dict[str, list[TagEvidence]] = {}
    for category in stated:
        is_own = bool(mine) and key(category) in mine
        code = mine[key(category)] if is_own else topic_of(category, language)
        if code is None or code not in topics():
            continue
        evidence = TagEvidence(category, "category", "own category" if is_own else "category")
        for each in dict.fromkeys((first_level(code), code)):
            found.setdefault(each, []).append(evidence)
    return tuple(Tag(code, 1.0, tuple(evidence[:_MOST_EVIDENCE])) for code, evidence in found.items())


def _of_words(title: str, text: str, language: str | None) -> tuple[Tag, ...]:
    base = (language or "").partition("-")[0]
    if base not in topic_words.languages():
        return ()
    headline, beginning = title.split(), text[: _MOST_WORDS * 12].split(None, _MOST_WORDS)[:_MOST_WORDS]
    places: tuple[_Place, ...] = (
        ("headline", headline, topic_words.met(headline, base)),
        ("text", beginning, topic_words.met(beginning, base)),
    )
    scores = _scores(places)
    total = sum(score.points for score in scores.values())
    return tuple(
        Tag(code, round(scores[code].points / total, 3), _evidence(code, places, base)) for code in _clear(scores)
    )


_Place = tuple[Where, Sequence[str], Sequence[Met]]  # the pieces of a text, and what was met there


class _Score(NamedTuple):
    """How much speaks for a topic."""

    points: float
    words: int  # different ones

    def is_enough(self, topics: int) -> bool:
        """For an answer of so many topics."""
        return self.points >= (_LEAST_OF_SEVERAL if topics > 1 else _LEAST if self.words == 1 else _LEAST_OF_MORE)


def _scores(places: Iterable[_Place]) -> dict[str, _Score]:
    """How much speaks for each topic: a word counts once, where it counts most, for summaries repeat their headlines. A
    topic for which weak words alone speak has none.
    """
    best: dict[int, tuple[float, Form]] = {}
    for where, _, met in places:
        times = _HEADLINE if where == "headline" else 1
        for form, _, _ in met:
            _, _, entry, _, weight = form
            value = times * weight
            if entry not in best or value > best[entry][0]:
                best[entry] = (value, form)
    found: dict[str, list[float]] = {}
    clear: set[str] = set()
    for value, (_, _, _, topic, weight) in best.values():
        if topic is None:
            continue
        if topic in found:
            found[topic].append(value)
        else:
            found[topic] = [value]
        if weight > _WEAK:
            clear.add(topic)
    scores = {topic: _Score(sum(values), len(values)) for topic, values in found.items() if topic in clear}
    if any(topic in _EVENTS and score.points >= _LEAST for topic, score in scores.items()):
        for topic in _SETTINGS & scores.keys():
            scores[topic] = scores[topic]._replace(points=_OF_SETTING * scores[topic].points)
    return scores


def _clear(scores: Mapping[str, _Score]) -> tuple[str, ...]:
    """The topics for which enough speaks, and much less for any other."""
    ranked = sorted(scores, key=lambda code: -scores[code].points)
    for count in (1, 2):
        clear, others = ranked[:count], ranked[count:]
        if len(clear) < count or not scores[clear[-1]].is_enough(count):
            return ()
        if count == 1 and _LEAST > scores[clear[0]].points < sum(scores[code].points for code in others):
            return ()  # a little for it, and more for several others
        if not others or scores[clear[-1]].points >= _MARGIN * scores[others[0]].points:
            return tuple(clear)
    return ()


def _evidence(code: str, places: Sequence[_Place], language: str) -> tuple[TagEvidence, ...]:
    """The words as they stand in the report, those of the headline first, each once."""
    found: dict[str, TagEvidence] = {}
    for where, pieces, met in places:
        own = [each for each in met if each[0].topic == code]
        ends = topic_words.ends_of_pieces(pieces, language) if own else []
        for _, first, last in own:
            name, evidence = _said(" ".join(pieces[bisect_right(ends, first) : bisect_right(ends, last) + 1]), where)
            found.setdefault(name, evidence)
    return tuple(islice(found.values(), _MOST_EVIDENCE))


@lru_cache(10_000)  # one object for all reports that say so: it is sent once for all of a document
def _said(pieces: str, where: Where) -> tuple[str, TagEvidence]:
    """The words of some pieces, folded, and as evidence."""
    words = _trimmed(pieces)
    return fold(words), TagEvidence(words, where, "word list")


def _trimmed(words: str) -> str:
    """Without signs around them."""
    first, last = 0, len(words)
    while first < last and not words[first].isalnum():
        first += 1
    while last > first and not words[last - 1].isalnum():
        last -= 1
    return words[first:last] or words
