"""Which article each entry of a document is, and what the document teaches of its source's keys; see `identity`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.identity import next_ladder, public_id, resolve, shared_links, spare_key, trusted
from aggregator.model import Article, Ladder, Match, Poll
from aggregator.store import Connection
from aggregator.store.sqlite import identify, tombstones


@dataclass(frozen=True, slots=True)
class Heard:
    """A document: which article each entry is, but for those that say what they said before, and those purged."""

    matches: tuple[Match, ...]
    settled: int
    purged: int
    others: Mapping[int, int] = field(default_factory=dict)  # the articles of those that are no match, by their places
    conflicts: int = 0  # ids that were in use for another report
    lesson: tuple[Ladder, str] | None = (
        None  # how far its source's keys can be trusted from now on, and why; None: as before
    )


def recognise(
    connection: Connection, source: int, poll: Poll, articles: Sequence[Article], now: datetime
) -> Heard | None:
    """What a document teaches of its source's keys holds for the document itself: read again, it is read alike.

    None: the entries that were only named (`poll.settled`) matter after all, so the whole document has to be read
    closely. Reads only.
    """
    ladder, conflicts = identify.trust(connection, source)
    named = _named(connection, poll)
    heard = _resolved(connection, source, trusted(articles, ladder, public_id), named, now)
    if heard is None:
        return None
    lesson = next_ladder(ladder, articles, heard.matches, conflicts)
    if lesson and named:
        return None
    conflicts = sum(match.conflict for match in heard.matches)
    if lesson:
        heard = _resolved(connection, source, trusted(articles, lesson[0], public_id), {}, now)
    if heard is None:
        return None
    others = {**heard.others, **_places(poll.settled, named, articles)}
    settled = heard.settled + len(poll.settled)
    return replace(heard, settled=settled, others=others, conflicts=conflicts, lesson=lesson)


def _places(settled: Sequence[str], named: Mapping[str, int], articles: Sequence[Article]) -> dict[int, int]:
    """The articles of the entries that were only named, by their places in the document: those that are left over."""
    taken = {article.place for article in articles}
    free = (place for place in range(len(settled) + len(articles)) if place not in taken)
    return {place: named[key] for place, key in zip(free, settled, strict=False) if key in named}


def _named(connection: Connection, poll: Poll) -> dict[str, int]:
    """The articles of the entries that were only named, by key."""
    return identify.articles_under(connection, poll.source.publisher, poll.settled) if poll.settled else {}


def _resolved(
    connection: Connection, source: int, articles: Sequence[Article], named: dict[str, int], now: datetime
) -> Heard | None:
    """None: another entry claims an article that one of the named is, and both have to be weighed."""
    kept, elsewhere = _without_purged(connection, articles)
    settled = identify.unchanged(connection, source, kept)
    elsewhere |= {a.place: settled[a.keys[0]] for a in kept if a.keys[0] in settled}
    others = [article for article in kept if article.keys[0] not in settled]
    matches: list[Match] = []
    if others:
        keys = [key for article in others for key in (*article.keys, spare_key(article))]
        near = [key for article in others for key in (*article.near_keys, *shared_links(article))]
        known = identify.candidates(connection, source, articles[0].publisher, keys, near)
        claimed = {known[article.keys[0]].article for article in others if article.keys[0] in known}
        if claimed & set(named.values()):
            return None
        said = {settled[article.keys[0]]: article for article in kept if article.keys[0] in settled}
        matches = resolve(others, known, said, now, public_id, frozenset(named.values()))
    return Heard(tuple(matches), len(settled), len(articles) - len(kept), elsewhere)


def _without_purged(connection: Connection, articles: Sequence[Article]) -> tuple[Sequence[Article], dict[int, int]]:
    """What was purged does not come back: under its first key or, where that is nobody's, under a weaker one with its
    headline or beginning. Also the purged articles, by their places.
    """
    if not articles:
        return articles, {}
    publisher = articles[0].publisher
    keys = [key for article in articles for key in (*article.keys, *article.near_keys)]
    gone = tombstones.buried(connection, publisher, keys)
    if not gone:
        return articles, {}
    held = identify.articles_under(connection, publisher, [article.keys[0] for article in articles])
    as_ = [None if article.keys[0] in held else _buried_as(article, gone) for article in articles]
    kept = [article for article, of in zip(articles, as_, strict=True) if of is None]
    return kept, {article.place: of for article, of in zip(articles, as_, strict=True) if of is not None}


def _buried_as(article: Article, gone: Mapping[str, int]) -> int | None:
    """The purged article that this is; None: it is none."""
    if article.keys[0] in gone:
        return gone[article.keys[0]]
    by_key = next((gone[key] for key in article.keys if key in gone), None)
    return by_key if any(key in gone for key in article.near_keys) else None
