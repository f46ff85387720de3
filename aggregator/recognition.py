"""Which article each entry of a document is, and what the document teaches of its source's keys; see `identity`."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.identity import next_ladder, public_id, resolve, shared_links, spare_key, trusted
from aggregator.store import Connection, identify, tombstones
from aggregator.types import Article, Ladder, Match, Poll


@dataclass(frozen=True, slots=True)
class Heard:
    """A document: which article each entry is, but for those that say what they said before, and those purged."""

    matches: tuple[Match, ...]
    settled: int
    purged: int
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
    return heard and replace(heard, settled=heard.settled + len(poll.settled), conflicts=conflicts, lesson=lesson)


def _named(connection: Connection, poll: Poll) -> dict[str, int]:
    """The articles of the entries that were only named, by key."""
    return identify.articles_under(connection, poll.source.publisher, poll.settled) if poll.settled else {}


def _resolved(
    connection: Connection, source: int, articles: Sequence[Article], named: dict[str, int], now: datetime
) -> Heard | None:
    """None: another entry claims an article that one of the named is, and both have to be weighed."""
    kept = _without_purged(connection, articles)
    settled = identify.unchanged(connection, source, kept)
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
    return Heard(tuple(matches), len(settled), len(articles) - len(kept))


def _without_purged(connection: Connection, articles: Sequence[Article]) -> Sequence[Article]:
    """What was purged does not come back: under its first key or, where that is nobody's, under a weaker one with its
    headline or beginning.
    """
    if not articles:
        return articles
    publisher = articles[0].publisher
    keys = [key for article in articles for key in (*article.keys, *article.near_keys)]
    gone = tombstones.buried(connection, publisher, keys)
    if not gone:
        return articles
    held = identify.articles_under(connection, publisher, [article.keys[0] for article in articles])
    return [article for article in articles if article.keys[0] in held or not _is_buried(article, gone)]


def _is_buried(article: Article, gone: Set[str]) -> bool:
    return article.keys[0] in gone or not (gone.isdisjoint(article.keys) or gone.isdisjoint(article.near_keys))
