"""How far the keys of a source can be trusted, and by which an article is known where they cannot."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from aggregator.identity.evidence import kind_of
from aggregator.identity.keys import public_id
from aggregator.model import Article, Known, Match, StrongestKey

_CONFLICTS = 2  # ids used again for another report
SEVERAL = 3  # entries of one document


def trusted(articles: Sequence[Article], id_trust: StrongestKey) -> list[Article]:
    """The articles with the keys that their source can be trusted with: of one whose ids are none, without ids, but
    where there is nothing else. What the publisher's file says of ids counts for more than what was learnt.
    """
    if id_trust == "id":
        return list(articles)
    return [known_by(article, without_ids(article)) for article in articles]


def without_ids(article: Article) -> tuple[str, ...]:
    """Its keys where its source's ids cannot be trusted."""
    if article.rules.ids != "learned":
        return article.keys
    return tuple(key for key in article.keys if kind_of(key) not in ("id", "alt")) or article.keys


def marked(article: Article) -> Article:
    """An entry as its document lists it: with the mark of its link, where that stands for several items of it."""
    if any(kind_of(key) == "url" for key in article.keys):
        return article
    return replace(article, near_keys=(*article.near_keys, *article.link_marks))


def spare_key(article: Article) -> str:
    """What an article without any key of its own is found by again: its words."""
    return f"spare:{article.words_hash.hex()[:32]}"


def next_id_trust(
    id_trust: StrongestKey, articles: Sequence[Article], matches: Sequence[Match], conflicts_before: int
) -> tuple[StrongestKey, str] | None:
    """How far a source's keys can be trusted, and why, judged by one of its documents; None: as before."""
    if id_trust != "id" or (articles and articles[0].rules.ids != "learned"):
        return None
    shared = sum(article.id_is_shared for article in articles)
    if shared >= SEVERAL:
        return "url", f"one id stands for several items: {shared} in one document"
    conflicts = conflicts_before + sum(match.conflict for match in matches)
    if conflicts >= _CONFLICTS:
        return "url", f"ids are used again for other items: {conflicts} times"
    fresh = [match for match in matches if not was_said(match.article, match.known)]
    changed_ids = sum(
        match.matched_by == "url" and match.known is not None and match.known.merged
        for match in fresh
        if kind_of(match.article.keys[0]) != "url"  # has an id
    )
    if changed_ids >= min(SEVERAL, len(fresh)) and changed_ids:
        return "url", f"ids change from poll to poll: {changed_ids} of {len(fresh)} changed entries in one document"
    return None


def was_said(article: Article, known: Known | None) -> bool:
    """Whether its source said the very same of the article before: that it says so again teaches nothing."""
    return known is not None and known.entry_hash == article.entry_hash


def known_by(article: Article, keys: tuple[str, ...]) -> Article:
    """The article under these keys of it alone, or under its words where there are none."""
    if keys == article.keys:
        return article
    keys = keys or (spare_key(article),)
    return replace(article, keys=keys, id=public_id(article.first_key or article.publisher, keys[0]))
