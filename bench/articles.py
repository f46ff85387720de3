"""A wire's articles by the million: what `bench.database` stores, the same for the same number.

Words follow Zipf's law over a vocabulary of 50,000, as natural language does, because a search index that knew sixty
words would prove nothing; publishers differ in size by the same law. Articles come in the order of their time.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from aggregator.model import (
    Article,
    Category,
    Document,
    Entry,
    ItemClass,
    Link,
    Media,
    Person,
    Publisher,
    Rights,
    Source,
    Text,
)
from aggregator.normalise import normalise

PUBLISHERS, COUNTRIES = 150, 40
RARE_CLASS, RARE_LANGUAGE = 120, 121  # numbers of the publishers of notices, and of news in Swahili
A_DAY = 600  # articles
A_POLL = 5  # articles that one poll brings
END = datetime(2026, 11, 22, tzinfo=UTC)
_VOCABULARY = 50_000
_WORDS = 210  # of a body: about 1,500 characters
_SYLLABLES = [
    first + vowel for first in ("b", "ch", "d", "f", "k", "l", "m", "n", "p", "r", "s", "t") for vowel in "aeiou"
]
_RIGHTS = Rights(relationship="partner", basis="agreement", text_scope="full_text", credit="{publisher} ({place})")

Batch = list[tuple[Source, tuple[Article, ...], datetime]]


def word(rank: int) -> str:
    """The word of this rank, 0 the most common; pronounceable, and no two alike."""
    syllables = []
    while rank >= 0:
        rank, last = divmod(rank, len(_SYLLABLES))
        syllables.append(_SYLLABLES[last])
        rank -= 1
    return "".join(syllables) + "n"


def publishers() -> list[Publisher]:
    """The biggest first."""
    return [_publisher(number) for number in range(PUBLISHERS)]


def _publisher(number: int) -> Publisher:
    key = f"paper-{number:03}"
    letters = divmod(number % COUNTRIES, 26)
    item_class: ItemClass = "notice" if number == RARE_CLASS else "press_release" if number % 5 == 4 else "news"
    language = "sw" if number == RARE_LANGUAGE else "fr" if number % 3 == 1 else "en"
    return Publisher(
        key=key,
        name=f"The Paper {number}",
        place="Bamako",
        country="A" + chr(65 + letters[1]) if letters[0] == 0 else "B" + chr(65 + letters[1]),
        kind="newspaper",
        languages=(language,),
        homepage=f"https://{key}.example/",
        rights=_RIGHTS,
        sources=(Source(publisher=key, key="feed", url=f"https://{key}.example/feed", item_class=item_class),),
    )


class Wire:
    """Holds the vocabulary and how often each word and publisher comes."""

    def __init__(self, articles: int) -> None:
        self.articles = articles
        self._words = [word(rank) for rank in range(_VOCABULARY)]
        self._often = list(itertools.accumulate(1 / (rank + 2) for rank in range(_VOCABULARY)))
        self._publishers = publishers()
        self._sizes = list(itertools.accumulate(1 / (rank + 3) for rank in range(PUBLISHERS)))

    def batch(self, first: int, size: int) -> Batch:
        """The polls that bring the articles with the numbers `first` to `first + size - 1`."""
        chance = random.Random(first)
        chosen = chance.choices(self._publishers, cum_weights=self._sizes, k=-(-size // A_POLL))
        return [
            self._poll(chance, publisher, first + place * A_POLL, min(A_POLL, size - place * A_POLL))
            for place, publisher in enumerate(chosen)
        ]

    def document(self, turn: int, numbers: Sequence[int]) -> tuple[Source, tuple[Article, ...]]:
        """One that brings the articles of these numbers, each with a picture; `turn`: says of which publisher."""
        publisher = self._publishers[turn % len(self._publishers)]
        chance = random.Random(numbers[0])
        entries = tuple(
            replace(entry, media=(Media(f"{entry.id}.jpg", "image", "image/jpeg", 1200, 800),))
            for entry in (self._entry(chance, publisher, number) for number in numbers)
        )
        source = publisher.sources[0]
        return source, normalise(Document(format="rss20", entries=entries), source, publisher).articles

    def _poll(
        self, chance: random.Random, publisher: Publisher, first: int, size: int
    ) -> tuple[Source, tuple[Article, ...], datetime]:
        entries = tuple(self._entry(chance, publisher, number) for number in range(first, first + size))
        source = publisher.sources[0]
        articles = normalise(Document(format="rss20", entries=entries), source, publisher).articles
        return source, articles, self._time(first + size)

    def _time(self, number: int) -> datetime:
        return END - timedelta(days=(self.articles - number) / A_DAY)

    def _entry(self, chance: random.Random, publisher: Publisher, number: int) -> Entry:
        words = chance.choices(self._words, cum_weights=self._often, k=_WORDS + 8 + 24)
        body = words[32:]
        paragraphs = (" ".join(body[at : at + 50]).capitalize() for at in range(0, len(body), 50))
        return Entry(
            id=f"https://{publisher.key}.example/?p={number}",
            title=Text(" ".join(words[:8]).capitalize(), "text/plain"),
            summary=Text(" ".join(words[8:32]).capitalize() + ".", "text/plain"),
            content=(Text("\n".join(f"<p>{paragraph}.</p>" for paragraph in paragraphs)),),
            links=(Link(f"https://{publisher.key}.example/{number // 1000}/{'-'.join(words[:5])}/"),),
            authors=(Person(f"{words[0]} {words[1]}".title()),),
            categories=tuple(map(Category, words[2:4])),
            published=self._time(number).isoformat(),
        )


_wire: Wire | None = None


def prepare(articles: int) -> None:
    """For a process that makes batches."""
    global _wire  # a worker process has nowhere else to keep it
    _wire = Wire(articles)


def batch(bounds: tuple[int, int]) -> Batch:
    assert _wire is not None
    return _wire.batch(*bounds)


def bounds(articles: int, size: int) -> Iterator[tuple[int, int]]:
    return ((first, min(size, articles - first)) for first in range(0, articles, size))
