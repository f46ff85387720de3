"""Which topics a report is about: by its publisher's categories, else by its own words, where they are clear. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from aggregator.model.tags import Tag, TagEvidence, Where
from aggregator.tags import topic_lists, topic_words
from aggregator.tags.categories import key, topic_of
from aggregator.tags.topic_words import WEIGHTS, Form, Met
from aggregator.tags.vocabulary import first_level, topics
from aggregator.text.folding import fold
from aggregator.text.separators import words_of

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
    return _of_categories(categories, language, own) or _of_words(title, text, language)


def _of_categories(stated: Sequence[str], language: str | None, own: Mapping[str, str | None]) -> tuple[Tag, ...]:
    mine = {key(category): code for category, code in own.items()}
    found: dict[str, list[TagEvidence]] = {}
    for category in stated:
        name = key(category)
        is_own = name in mine
        code = mine[name] if is_own else topic_of(category, language)
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
    places: list[tuple[Where, int, str, list[Met]]] = []
    for where, weight, said in (("headline", _HEADLINE, title), ("text", 1, _beginning(text))):
        words = words_of(topic_lists.plain(said))
        places.append((where, weight, said, topic_words.met(words, base)))  # type: ignore[arg-type]
    scores = _scores((weight, met) for _, weight, _, met in places)
    total = sum(score.points for score in scores.values())
    return tuple(
        Tag(
            code,
            round(scores[code].points / total, 3),
            _evidence(code, [(where, said, met) for where, _, said, met in places]),
        )
        for code in _clear(scores)
    )


def _beginning(text: str) -> str:
    return " ".join(islice(text[: _MOST_WORDS * 12].split(), _MOST_WORDS))


@dataclass(frozen=True, slots=True)
class _Score:
    """How much speaks for a topic."""

    points: float
    words: int  # different ones

    def is_enough(self, topics: int) -> bool:
        """For an answer of so many topics."""
        return self.points >= (_LEAST_OF_SEVERAL if topics > 1 else _LEAST if self.words == 1 else _LEAST_OF_MORE)


def _scores(places: Iterable[tuple[int, Sequence[Met]]]) -> dict[str, _Score]:
    """How much speaks for each topic: a word counts once, where it counts most, for summaries repeat their headlines. A
    topic for which weak words alone speak has none.
    """
    best: dict[int, tuple[Form, float]] = {}
    for weight, met in places:
        for form, _, _ in met:
            value = weight * form.weight
            there = best.get(form.entry)
            if there is None or value > there[1]:
                best[form.entry] = (form, value)
    found: dict[str, list[tuple[Form, float]]] = {}
    for form, value in best.values():
        if form.topic is not None:
            found.setdefault(form.topic, []).append((form, value))
    scores = {
        topic: _Score(sum(value for _, value in of_topic), len(of_topic))
        for topic, of_topic in found.items()
        if any(form.weight > WEIGHTS["weak"] for form, _ in of_topic)
    }
    if any(score.points >= _LEAST for topic, score in scores.items() if topic in _EVENTS):
        for topic in _SETTINGS & scores.keys():
            scores[topic] = replace(scores[topic], points=_OF_SETTING * scores[topic].points)
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


def _evidence(code: str, places: Sequence[tuple[Where, str, Sequence[Met]]]) -> tuple[TagEvidence, ...]:
    """The words as they stand in the report, those of the headline first, each once."""
    found: dict[str, TagEvidence] = {}
    for where, said, met in places:
        own = [each for each in met if each.form.topic == code]
        if not own:
            continue
        pieces, of = _pieces(said)
        for each in own:
            words = _trimmed(" ".join(pieces[of[each.first] : of[each.last] + 1]))
            found.setdefault(fold(words), TagEvidence(words, where, "word list"))
    return tuple(islice(found.values(), _MOST_EVIDENCE))


def _pieces(said: str) -> tuple[list[str], list[int]]:
    """What stands between the spaces of a text, and of which of it each of its folded words is."""
    pieces = said.split()
    folded = topic_lists.plain(said).split()
    if len(folded) != len(pieces):  # a sign that folding makes a space of
        folded = [topic_lists.plain(piece) for piece in pieces]
    of = [number for number, piece in enumerate(folded) for _ in range(1 if piece.isalnum() else len(words_of(piece)))]
    return pieces, of


def _trimmed(words: str) -> str:
    """Without signs around them."""
    first, last = 0, len(words)
    while first < last and not words[first].isalnum():
        first += 1
    while last > first and not words[last - 1].isalnum():
        last -= 1
    return words[first:last] or words
