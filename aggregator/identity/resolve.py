"""Decides whether an entry is an article that is held already: by its own keys, or by what it says as a last resort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from aggregator.identity.evidence import (
    ALIKE,
    alikeness,
    are_in_one_language,
    has_link_of,
    has_moved,
    have_own_ids,
    is_a_part,
    is_another,
    is_dated_alike,
    is_paid_for,
    is_rather,
    kind_of,
    moves_again,
    says_alike,
)
from aggregator.identity.trust import SEVERAL, known_by, marked, spare_key, was_said
from aggregator.model import Article, Known, Listed, Match

_WITHIN = timedelta(days=3)  # so long after a report came another entry may be found to be it by its words alone
_REPEATS = 2  # reports of one document that moved
_WEAKER = ("alt", "url", "words", "spare")  # kinds of keys

Candidates = Mapping[str, Known]


def resolve(
    articles: Sequence[Article],
    candidates: Candidates,
    unchanged: Mapping[int, Listed],
    now: datetime,
) -> list[Match]:
    """One match an article, in order. `candidates`: what the store remembers under the articles' keys and near keys;
    `unchanged`: articles that other entries of the document are, and those entries; no first key of `articles` leads
    to one that is only `Seen`.

    An entry's own id is believed first, for all entries of the document; only what that leaves over is tried by
    weaker keys, so that no entry takes an article which another entry of the same document is.
    """
    own = _by_own_keys(articles, candidates, set(unchanged))
    # Of a report that a person joined the entry that its source said last counts, and the others are duplicates.
    order = sorted(range(len(own)), key=lambda number: _is_beside_the_last(own[number]))
    listed = {article_id: entry for article_id, entry in unchanged.items() if isinstance(entry, Article)}
    for number in order:
        own[number] = match = _beside(own[number], listed)
        if match and match.known:
            listed.setdefault(match.known.article_id, articles[number])
    found = _by_other_keys(articles, own, candidates, set(unchanged), now)
    owners = {key: known.article_id for key, known in candidates.items()}
    matches: list[Match] = []
    for number, (article, match) in enumerate(zip(articles, own, strict=True)):
        if match is None or match.known is None:
            conflict = match is not None and kind_of(article.keys[0]) == "id"
            # Counted once, when the other report is met first; to read a document again must teach nothing.
            match = _with_free_keys(found.get(number) or Match(article=article, conflict=conflict), owners)
        # What one entry of the document gets, no other gets; a new article has no number yet.
        owners |= {
            key: match.known.article_id if match.known else -1 - number
            for key in match.article.keys
            if key not in owners
        }
        matches.append(match)
    return matches


def _by_own_keys(articles: Sequence[Article], candidates: Candidates, others: Set[int]) -> list[Match | None]:
    """What each entry's first key leads to, as `_by_own_key` has it, but where ids are used for other reports: an id
    that leads to one article, and a link that leads to another one. `others`: articles that are listed besides.
    """
    own = [_by_own_key(article, candidates) for article in articles]
    ids = {n: match.known for n, match in enumerate(own) if match and match.known and match.matched_by == "id"}
    if not ids or articles[0].rules.ids == "trusted":
        return own
    listed = others | {match.known.article_id for match in own if match and match.known}
    claims = {
        number: link
        for number, article in enumerate(articles)
        if (link := _by_link(article, candidates))
        and _belongs_to_its_link(article, own[number], link, link.article_id in listed)
    }
    by = {link.article_id: number for number, link in claims.items()}
    used_again = {
        number
        for number, known in ids.items()
        if claims.get(number, known).article_id != known.article_id
        or (known.article_id in by and is_rather(articles[by[known.article_id]], articles[number], known))
    }
    used_again = {number for number in used_again if not ids[number].joined}
    moved = {n for n, known in ids.items() if n not in used_again and has_moved(articles[n], known)}
    several = len(used_again) + len(moved)
    if several < _REPEATS or 2 * several <= len(ids) + len(others):
        moved = {number for number in moved if moves_again(articles[number], ids[number])}
    return [
        Match(article=article) if number in used_again | moved else match
        for number, (article, match) in enumerate(zip(articles, own, strict=True))
    ]


def _by_link(article: Article, candidates: Candidates) -> Known | None:
    """The article that stands at the entry's link, which no other entry of the document has and no front page is."""
    for key in article.keys:
        known = candidates.get(key)
        if known and kind_of(key) == "url" and has_link_of(article, known):
            return None if any(mark in candidates for mark in article.link_marks) else known
    return None


def _belongs_to_its_link(article: Article, match: Match | None, link: Known, is_listed: bool) -> bool:
    """Whether the entry is the article at its link, although its id is new or another article's. Its words decide:
    where that other article is still listed, only if they are rather those of the one with its id.
    """
    by_link = alikeness(article, link)
    if match is None or match.known is None:
        return max(by_link) >= ALIKE
    if match.known.article_id == link.article_id:
        return True
    by_id = alikeness(article, match.known)
    return sum(by_link) >= sum(by_id) if is_listed else sum(by_link) > sum(by_id)


def _by_other_keys(
    articles: Sequence[Article], own: Sequence[Match | None], candidates: Candidates, others: Set[int], now: datetime
) -> dict[int, Match]:
    """What the entries are that their first keys do not lead to, by number. Words come last, after the keys of all."""
    taken = set(others) | {match.known.article_id for match in own if match and match.known}
    unknown = {number: articles[number] for number, match in enumerate(own) if match is None or match.known is None}
    rekeyed = _is_rekeyed(unknown.values(), candidates, taken)
    found: dict[int, Match] = {}
    for by in (_by_weaker_key, partial(_by_words, now=now, rekeyed=rekeyed)):
        for number, article in unknown.items():
            if number not in found and (match := by(article, candidates, taken)) and match.known:
                found[number] = match
                taken.add(match.known.article_id)
    return found


def _beside(match: Match | None, listed: Mapping[int, Article]) -> Match | None:
    """A match as it stands beside the entries of the document that came before: where one of them is that article
    already, this is its duplicate under another key, or says so different things that its id cannot be believed.
    """
    if match is None or match.known is None or match.known.article_id not in listed:
        return match
    other = listed[match.known.article_id]
    if match.known.joined:
        return replace(match, duplicate=True)
    unlike = match.article.words_hash != other.words_hash and max(alikeness(match.article, other)) < ALIKE
    if is_another(match.article, other) or (match.matched_by == "url" and unlike):
        return Match(article=match.article)
    return replace(match, duplicate=True)


def _is_beside_the_last(match: Match | None) -> bool:
    known = match.known if match else None
    return known is not None and known.joined and match is not None and known.key != match.article.keys[0]


def _by_own_key(article: Article, candidates: Candidates) -> Match | None:
    """The article under the entry's first key. None: nobody has that key, or it is a link that is not enough by itself;
    a Match without an article: the id is in use for something else altogether, other words at another address.
    """
    kind, known = kind_of(article.keys[0]), candidates.get(article.keys[0])
    if known is None:
        return None
    said = candidates.get(spare_key(article))
    if said and said.article_id != known.article_id:  # read before, when the key was in use for another already
        return None
    if known.joined:  # a person has looked at it
        return Match(article=article, known=known, matched_by=kind)
    if kind == "url" and not _is_at_its_link(article, known, candidates):
        return None
    if is_another(article, known):
        return Match(article=article)
    return Match(article=article, known=known, matched_by=kind)


def _is_at_its_link(article: Article, known: Known, candidates: Candidates) -> bool:
    """Whether an entry is the article that its link leads to. A link that is no other's is as good as an id, but beside
    an id; else the words must be alike.
    """
    if is_paid_for(article, known):
        return False
    if known.words_hash == article.words_hash or max(alikeness(article, known)) >= ALIKE:
        return True
    link = _by_link(article, candidates)
    return link is not None and link.article_id == known.article_id and not have_own_ids(article, known)


def _by_weaker_key(article: Article, candidates: Candidates, taken: Set[int]) -> Match | None:
    for key in (spare_key(article), *article.keys):
        known = candidates.get(key)
        if known is None or known.article_id in taken or kind_of(key) not in _WEAKER or is_a_part(article, known):
            continue
        if _is_at_its_link(article, known, candidates):
            return _match(article, known, key)
    return None


def _by_words(article: Article, candidates: Candidates, taken: Set[int], now: datetime, rekeyed: bool) -> Match | None:
    for key in article.near_keys:
        known = candidates.get(key)
        if known is None or known.article_id in taken or kind_of(key) == "shared":
            continue
        # A translated twin is a report of its own.
        if (
            not are_in_one_language(known.language, article.language)
            or is_a_part(article, known)
            or is_paid_for(article, known)
        ):
            continue
        title, opening = alikeness(article, known)
        within_days = now - known.first_seen <= _WITHIN and is_dated_alike(article, known)
        if (within_days and says_alike(article, known)) or (rekeyed and title == opening == 1.0):
            return _match(article, known, key)
    return None


def _is_rekeyed(articles: Iterable[Article], candidates: Candidates, taken: Set[int]) -> bool:
    """Whether the document lists several articles under new keys, word for word: a new CMS, or an archive imported.
    Of one item it cannot be told from a picture of the day.
    """
    equal = {
        known.article_id
        for article in articles
        for key in article.near_keys
        if kind_of(key) != "shared"
        and (known := candidates.get(key))
        and known.article_id not in taken
        and alikeness(article, known) == (1.0, 1.0)
    }
    return len(equal) >= SEVERAL


def _match(article: Article, known: Known, key: str) -> Match:
    title, opening = alikeness(article, known)
    evidence = f"headlines {title:.0%} alike, openings {opening:.0%}"
    if was_said(article, known):  # an entry known already, whose own keys serve for others in this document
        article = replace(article, keys=(key,) if kind_of(key) in _WEAKER else (spare_key(article),))
    return Match(article=article, known=known, matched_by=kind_of(key), evidence=evidence)


def _with_free_keys(match: Match, owners: Mapping[str, int]) -> Match:
    """The match of an entry that its own first key did not lead to, under those of its keys that are no other's.
    Where the first is, and the article is known, the words stand in for it: by them it is found again, and split off.
    """
    article, known = match.article, match.known
    if known is None:
        free = tuple(key for key in article.keys if key not in owners)
        if not free and spare_key(article) in owners:  # it says nothing that is not held, and nothing tells it apart
            return replace(match, duplicate=True)
        if len(free) == len(article.keys):
            return match
        return replace(match, article=marked(known_by(article, free)))
    free = tuple(key for key in article.keys if owners.get(key, known.article_id) == known.article_id)
    if free[:1] != article.keys[:1]:
        free = (spare_key(article), *free)
    return replace(match, article=replace(article, keys=free))
