"""Which article each entry of a document is, and what the document teaches of its source's keys. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.identity.resolve import resolve
from aggregator.identity.trust import next_id_trust, spare_key, trusted, without_ids
from aggregator.model import Article, Known, Listed, Lookup, Match, Seen, Snapshot, StrongestKey, articles_of


class Recognised(Struct, frozen=True):
    """A document: which article each entry is, but for those that have not changed, and those purged."""

    matches: tuple[Match, ...]
    unchanged: int
    purged: int
    others: Mapping[int, int] = field(default_factory=dict)  # the articles of those that are no match, by their places
    conflicts: int = 0  # ids that were in use for another report
    # How far its source's keys can be trusted from now on, and why; None: as before.
    lesson: tuple[StrongestKey, str] | None = None


def lookup(article: Article, day: str) -> Lookup:
    """By what its article is looked for, however far its source's keys are trusted. `day`: see `Lookup`."""
    return Lookup(
        keys=(*article.keys, spare_key(article)),
        first_key=article.keys[0],
        first_key_without_ids=without_ids(article)[0],
        near_keys=(*article.near_keys, *article.link_marks),
        buried_keys=(*article.keys, *article.near_keys),
        entry_hash=article.entry_hash,
        day=day,
    )


def recognise(document: Sequence[Listed], known: Snapshot, now: datetime) -> Recognised | None:
    """What a document teaches of its source's keys holds for the document itself: read again, it is read alike.

    None: an entry that is only `Seen` has to be compared with others, so the document must be read without digests.
    """
    articles = articles_of(document)
    is_seen = [entry for entry in document if isinstance(entry, Seen)]
    seen = {known.articles[key]: entry for entry in is_seen if (key := entry.keys[0]) in known.articles}
    found = _recognised(trusted(articles, known.id_trust), seen, known, now)
    if found is None:
        return None
    lesson = next_id_trust(known.id_trust, articles, found.matches, known.id_conflicts)
    conflicts = sum(match.conflict for match in found.matches)
    if lesson:
        found = None if seen else _recognised(trusted(articles, lesson[0]), {}, known, now)
    if found is None:
        return None
    others = {**found.others, **{entry.place: article_id for article_id, entry in seen.items()}}
    return replace(found, unchanged=found.unchanged + len(is_seen), others=others, conflicts=conflicts, lesson=lesson)


def _recognised(
    articles: Sequence[Article], seen: Mapping[int, Seen], known: Snapshot, now: datetime
) -> Recognised | None:
    """`seen`: articles, and the entries that they are. None: the first key of another entry leads to one of these."""
    purged = _purged(articles, known)
    kept = [article for article in articles if article.place not in purged]
    unchanged = {
        article.place: of
        for article in kept
        if (of := known.articles.get(article.keys[0])) is not None and known.digests.get(of) == article.entry_hash
    }
    others = [article for article in kept if article.place not in unchanged]
    candidates = _candidates(known)
    if any(found.article_id in seen for a in others if (found := candidates.get(a.keys[0]))):
        return None
    listed = {unchanged[article.place]: article for article in kept if article.place in unchanged}
    matches = resolve(others, candidates, {**seen, **listed}, now) if others else []
    return Recognised(tuple(matches), len(unchanged), len(purged), {**purged, **unchanged})


def _candidates(known: Snapshot) -> dict[str, Known]:
    """What is known under the keys and near keys of entries."""
    found = {**known.near, **known.articles}
    return {key: known.candidates[article_id] for key, article_id in found.items() if article_id in known.candidates}


def _purged(articles: Sequence[Article], known: Snapshot) -> dict[int, int]:
    """The purged articles that entries are, by their places. What was purged does not come back: under its first key
    or, where that is nobody's, under a weaker one with its headline or beginning.
    """
    if not known.purged:
        return {}
    found = {a.place: _purged_as(a, known.purged) for a in articles if a.keys[0] not in known.articles}
    return {place: article_id for place, article_id in found.items() if article_id is not None}


def _purged_as(article: Article, purged: Mapping[str, int]) -> int | None:
    """The purged article that this is; None: it is none."""
    if article.keys[0] in purged:
        return purged[article.keys[0]]
    by_key = next((purged[key] for key in article.keys if key in purged), None)
    return by_key if any(key in purged for key in article.near_keys) else None
