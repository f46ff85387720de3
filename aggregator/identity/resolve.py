"""Decides whether an entry is an article that is held already: by its own keys, or by what it says as a last resort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.likeness import likeness
from aggregator.types import Article, Known, Ladder, Match

# Two headlines or openings as alike as this may be versions of one.
_ALIKE = 0.5
# As the only evidence they must be nearly equal, both, and within days.
_NEARLY_EQUAL = 0.75
_WITHIN = timedelta(days=3)
_SAME_DATE = timedelta(hours=12)
_CONFLICTS = 2  # ids used again for another report
_SEVERAL = 3  # entries of one document
_WEAKER = ("alt", "url", "words", "spare")  # kinds of keys

Candidates = Mapping[str, Known]
NewId = Callable[[str, str], str]  # public_id, of publisher and key


def resolve(
    articles: Sequence[Article],
    candidates: Candidates,
    settled: Mapping[int, Article],
    now: datetime,
    new_id: NewId,
    named: Set[int] = frozenset(),
) -> list[Match]:
    """One match an article, in order. `candidates`: what the store remembers under the articles' keys and near keys;
    `settled`: articles that other entries of the document are, and those entries; `named`: likewise, of entries that
    were not read closely. None of `articles` has a first key that leads to one of these.

    An entry's own id is believed first, for all entries of the document; only what that leaves over is tried by
    weaker keys, so that no entry takes an article which another entry of the same document is.
    """
    own = [_by_own_key(article, candidates) for article in articles]
    listed = dict(settled)
    taken = set(settled) | named | {match.known.article for match in own if match and match.known}
    unknown = (article for article, match in zip(articles, own, strict=True) if not (match and match.known))
    rekeyed = _is_rekeyed(unknown, candidates, taken)
    owners = {key: known.article for key, known in candidates.items()}
    matches: list[Match] = []
    for number, (article, match) in enumerate(zip(articles, own, strict=True), start=1):
        match = _beside(match, listed)
        if match is None or match.known is None:
            conflict = match is not None and _kind(article.keys[0]) == "id"
            found = _by_weaker_key(article, candidates, taken) or _by_words(article, candidates, taken, now, rekeyed)
            # Counted once, when the other report is met first; to read a document again must teach nothing.
            match = _with_free_keys(found or Match(article=article, conflict=conflict), owners, new_id)
        if match.known:
            taken.add(match.known.article)
            listed.setdefault(match.known.article, article)
        # What one entry of the document gets, no other gets; a new article has no number yet.
        owners |= {
            key: match.known.article if match.known else -number for key in match.article.keys if key not in owners
        }
        matches.append(match)
    return matches


def _beside(match: Match | None, listed: Mapping[int, Article]) -> Match | None:
    """A match as it stands beside the entries of the document that came before: where one of them is that article
    already, this is its duplicate under another key, or says so different things that its id cannot be believed.
    """
    if match is None or match.known is None or match.known.article not in listed:
        return match
    if _is_another(match.article, listed[match.known.article]):
        return Match(article=match.article)
    return replace(match, duplicate=True)


def trusted(articles: Sequence[Article], ladder: Ladder, new_id: NewId) -> list[Article]:
    """The articles with the keys that their source can be trusted with: of one whose ids are none, without ids, but
    where there is nothing else. What the publisher's file says of ids counts for more than what was learnt.
    """
    if ladder == "id" or (articles and articles[0].rules.ids != "learned"):
        return list(articles)
    others = [tuple(key for key in article.keys if _kind(key) not in ("id", "alt")) for article in articles]
    return [_known_by(article, keys or article.keys, new_id) for article, keys in zip(articles, others, strict=True)]


def spare_key(article: Article) -> str:
    """What an article without any key of its own is found by again: its words."""
    return f"spare:{article.words_hash.hex()[:32]}"


def next_ladder(
    ladder: Ladder, articles: Sequence[Article], matches: Sequence[Match], conflicts_before: int
) -> tuple[Ladder, str] | None:
    """How far a source's keys can be trusted, and why, judged by one of its documents; None: as before."""
    if ladder != "id" or (articles and articles[0].rules.ids != "learned"):
        return None
    shared = sum(article.id_is_shared for article in articles)
    if shared >= _SEVERAL:
        return "url", f"one id stands for several items: {shared} in one document"
    conflicts = conflicts_before + sum(match.conflict for match in matches)
    if conflicts >= _CONFLICTS:
        return "url", f"ids are used again for other items: {conflicts} times"
    fresh = [match for match in matches if not _was_said(match.article, match.known)]
    changing = sum(match.matched_by == "url" and match.known is not None and match.known.merged for match in fresh)
    if changing >= min(_SEVERAL, len(fresh)) and changing:
        return "url", f"ids change from poll to poll: {changing} of {len(fresh)} changed entries in one document"
    return None


def _was_said(article: Article, known: Known | None) -> bool:
    """Whether its source said the very same of the article before: that it says so again teaches nothing."""
    return known is not None and known.entry_hash == article.entry_hash


def _by_own_key(article: Article, candidates: Candidates) -> Match | None:
    """The article under the entry's first key. None: nobody has that key; a Match without an article: the key is in
    use for something else altogether, other words at another address.
    """
    kind, known = _kind(article.keys[0]), candidates.get(article.keys[0])
    if known is None or kind == "url":  # a link is no name: several reports may stand there, one after the other
        return None
    said = candidates.get(spare_key(article))
    if said and said.article != known.article:  # read before, when the key was in use for another already
        return None
    if _is_another(article, known):
        return Match(article=article)
    return Match(article=article, known=known, matched_by=kind)


def _is_another(article: Article, known: Known | Article) -> bool:
    """Whether an entry is not the article under its first key. Under one id: other words at another address. Of an
    entry with neither id nor link the same headline and date over another text is another brief.
    """
    kind = _kind(article.keys[0])
    if kind == "dated":
        return article.opening != known.opening and _alikeness(article, known)[1] < _ALIKE
    if kind != "id" or article.rules.ids == "trusted":
        return False
    same_place = article.url is not None and article.url == known.url
    moved = article.url is not None and known.url is not None
    return not same_place and (moved or article.url == known.url) and max(_alikeness(article, known)) < _ALIKE


def _by_weaker_key(article: Article, candidates: Candidates, taken: Set[int]) -> Match | None:
    for key in (spare_key(article), *article.keys):
        known = candidates.get(key)
        if known is None or known.article in taken or _kind(key) not in _WEAKER:
            continue
        title, opening = _alikeness(article, known)
        if max(title, opening) >= _ALIKE or known.words_hash == article.words_hash:
            return _match(article, known, key)
    return None


def _by_words(article: Article, candidates: Candidates, taken: Set[int], now: datetime, rekeyed: bool) -> Match | None:
    for key in article.near_keys:
        known = candidates.get(key)
        # A translated twin is a report of its own.
        if known is None or known.article in taken or known.language != article.language:
            continue
        title, opening = _alikeness(article, known)
        within_days = now - known.first_seen <= _WITHIN and _dated_alike(article, known)
        if (within_days and min(title, opening) >= _NEARLY_EQUAL) or (rekeyed and title == opening == 1.0):
            return _match(article, known, key)
    return None


def _is_rekeyed(articles: Iterable[Article], candidates: Candidates, taken: Set[int]) -> bool:
    """Whether the document lists several articles under new keys, word for word: a new CMS, or an archive imported.
    Of one item it cannot be told from a picture of the day.
    """
    equal = {
        known.article
        for article in articles
        for key in article.near_keys
        if (known := candidates.get(key)) and known.article not in taken and _alikeness(article, known) == (1.0, 1.0)
    }
    return len(equal) >= _SEVERAL


def _dated_alike(article: Article, known: Known) -> bool:
    """The picture of the day has one headline and one caption every day; only its date tells them apart. The weather
    of two towns differs in a word of the headline, and in the minute: there the date must be the very same.
    """
    same_title = article.folded_title == known.folded_title
    if article.published is None or known.published is None:
        return same_title or article.published == known.published
    return abs(article.published - known.published) <= (_SAME_DATE if same_title else timedelta(0))


def _match(article: Article, known: Known, key: str) -> Match:
    title, opening = _alikeness(article, known)
    evidence = f"headlines {title:.0%} alike, openings {opening:.0%}"
    if _was_said(article, known):  # an entry known already, whose own keys serve for others in this document
        article = replace(article, keys=(key,) if _kind(key) in _WEAKER else (spare_key(article),))
    return Match(article=article, known=known, matched_by=_kind(key), evidence=evidence)


def _with_free_keys(match: Match, owners: Mapping[str, int], new_id: NewId) -> Match:
    """The match of an entry that its own first key did not lead to, under those of its keys that are no other's.
    Where the first is, and the article is known, the words stand in for it: by them it is found again, and split off.
    """
    article, known = match.article, match.known
    if known is None:
        free = tuple(key for key in article.keys if key not in owners)
        if not free and spare_key(article) in owners:  # it says nothing that is not held, and nothing tells it apart
            return replace(match, duplicate=True)
        return replace(match, article=_known_by(article, free, new_id))
    free = tuple(key for key in article.keys if owners.get(key, known.article) == known.article)
    if free[:1] != article.keys[:1]:
        free = (spare_key(article), *free)
    return replace(match, article=replace(article, keys=free))


def _known_by(article: Article, keys: tuple[str, ...], new_id: NewId) -> Article:
    if keys == article.keys:
        return article
    keys = keys or (spare_key(article),)
    return replace(article, keys=keys, public_id=new_id(article.publisher, keys[0]))


def _alikeness(article: Article, known: Known | Article) -> tuple[float, float]:
    return likeness(article.folded_title, known.folded_title), likeness(article.opening, known.opening)


def _kind(key: str) -> str:
    return key.partition(":")[0]
