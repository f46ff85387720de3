"""Decides whether an entry is an article that is held already: by its own keys, or by what it says as a last resort."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, time, timedelta
from functools import partial

from msgspec.structs import replace

from aggregator.identity.advertising import is_advertising
from aggregator.identity.keys import FEWEST_OPENING_WORDS, place_of, public_id
from aggregator.model import Article, IdentityRules, Known, Listed, Match, StrongestKey
from aggregator.text.languages import primary_subtag
from aggregator.text.likeness import likeness
from aggregator.text.urls import is_front_page, without_fragment

# Two headlines or openings as alike as this may be versions of one.
_ALIKE = 0.5
# As the only evidence they must be nearly equal, both, and within days.
_NEARLY_EQUAL = 0.75
_WITHIN = timedelta(days=3)
_SAME_DATE = timedelta(hours=12)
_SAME_SPELLING = 0.8  # how alike the letters of two words are of which one mends the other
_CONFLICTS = 2  # ids used again for another report
_REPEATS = 2  # reports of one document that moved
_SEVERAL = 3  # entries of one document
_CUT = " .\N{HORIZONTAL ELLIPSIS}[]"  # signs with which a text ends that was cut
_DIGIT = re.compile(r"\d")
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
            conflict = match is not None and _kind(article.keys[0]) == "id"
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
        or (known.article_id in by and _is_rather(articles[by[known.article_id]], articles[number], known))
    }
    used_again = {number for number in used_again if not ids[number].joined}
    moved = {n for n, known in ids.items() if n not in used_again and _has_moved(articles[n], known)}
    several = len(used_again) + len(moved)
    if several < _REPEATS or 2 * several <= len(ids) + len(others):
        moved = {number for number in moved if _moves_again(articles[number], ids[number])}
    return [
        Match(article=article) if number in used_again | moved else match
        for number, (article, match) in enumerate(zip(articles, own, strict=True))
    ]


def _by_link(article: Article, candidates: Candidates) -> Known | None:
    """The article that stands at the entry's link, which no other entry of the document has and no front page is."""
    for key in article.keys:
        known = candidates.get(key)
        if known and _kind(key) == "url" and _has_link_of(article, known):
            return None if any(mark in candidates for mark in article.link_marks) else known
    return None


def _belongs_to_its_link(article: Article, match: Match | None, link: Known, is_listed: bool) -> bool:
    """Whether the entry is the article at its link, although its id is new or another article's. Its words decide:
    where that other article is still listed, only if they are rather those of the one with its id.
    """
    by_link = _alikeness(article, link)
    if match is None or match.known is None:
        return max(by_link) >= _ALIKE
    if match.known.article_id == link.article_id:
        return True
    by_id = _alikeness(article, match.known)
    return sum(by_link) >= sum(by_id) if is_listed else sum(by_link) > sum(by_id)


def _is_rather(by_link: Article, by_id: Article, known: Known) -> bool:
    """Whether an article is rather the entry that has its link than the one that has its id and another link."""
    if by_link is by_id or _has_link_of(by_id, known):
        return False
    return sum(_alikeness(by_link, known)) >= sum(_alikeness(by_id, known))


def _has_moved(article: Article, known: Known) -> bool:
    """Whether the same id came with another address, other words and another date. Once, that is a report that was
    edited; where it repeats, the id is used for several.
    """
    if known.joined or article.url is None or known.url is None or _has_same_date(article, known):
        return False
    if _path(article.url, article.rules) == _path(known.url, article.rules):
        return False
    return article.folded_title != known.folded_title or article.opening != known.opening


def _moves_again(article: Article, known: Known) -> bool:
    if article.published and known.published and abs(article.published - known.published) <= _SAME_DATE:
        return False
    return known.moved


def _path(url: str, rules: IdentityRules) -> str:
    """An address without query, where a session may stand."""
    place = place_of(url, rules)
    path = without_fragment(place).partition("?")[0]
    return place if is_front_page(path) else path


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
    unlike = match.article.words_hash != other.words_hash and max(_alikeness(match.article, other)) < _ALIKE
    if _is_another(match.article, other) or (match.matched_by == "url" and unlike):
        return Match(article=match.article)
    return replace(match, duplicate=True)


def _is_beside_the_last(match: Match | None) -> bool:
    known = match.known if match else None
    return known is not None and known.joined and match is not None and known.key != match.article.keys[0]


def trusted(articles: Sequence[Article], id_trust: StrongestKey) -> list[Article]:
    """The articles with the keys that their source can be trusted with: of one whose ids are none, without ids, but
    where there is nothing else. What the publisher's file says of ids counts for more than what was learnt.
    """
    if id_trust == "id":
        return list(articles)
    return [_known_by(article, without_ids(article)) for article in articles]


def without_ids(article: Article) -> tuple[str, ...]:
    """Its keys where its source's ids cannot be trusted."""
    if article.rules.ids != "learned":
        return article.keys
    return tuple(key for key in article.keys if _kind(key) not in ("id", "alt")) or article.keys


def marked(article: Article) -> Article:
    """An entry as its document lists it: with the mark of its link, where that stands for several items of it."""
    if any(_kind(key) == "url" for key in article.keys):
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
    if shared >= _SEVERAL:
        return "url", f"one id stands for several items: {shared} in one document"
    conflicts = conflicts_before + sum(match.conflict for match in matches)
    if conflicts >= _CONFLICTS:
        return "url", f"ids are used again for other items: {conflicts} times"
    fresh = [match for match in matches if not _was_said(match.article, match.known)]
    changed_ids = sum(
        match.matched_by == "url" and match.known is not None and match.known.merged
        for match in fresh
        if _kind(match.article.keys[0]) != "url"  # has an id
    )
    if changed_ids >= min(_SEVERAL, len(fresh)) and changed_ids:
        return "url", f"ids change from poll to poll: {changed_ids} of {len(fresh)} changed entries in one document"
    return None


def _was_said(article: Article, known: Known | None) -> bool:
    """Whether its source said the very same of the article before: that it says so again teaches nothing."""
    return known is not None and known.entry_hash == article.entry_hash


def _by_own_key(article: Article, candidates: Candidates) -> Match | None:
    """The article under the entry's first key. None: nobody has that key, or it is a link that is not enough by itself;
    a Match without an article: the id is in use for something else altogether, other words at another address.
    """
    kind, known = _kind(article.keys[0]), candidates.get(article.keys[0])
    if known is None:
        return None
    said = candidates.get(spare_key(article))
    if said and said.article_id != known.article_id:  # read before, when the key was in use for another already
        return None
    if known.joined:  # a person has looked at it
        return Match(article=article, known=known, matched_by=kind)
    if kind == "url" and not _is_at_its_link(article, known, candidates):
        return None
    if _is_another(article, known):
        return Match(article=article)
    return Match(article=article, known=known, matched_by=kind)


def _is_at_its_link(article: Article, known: Known, candidates: Candidates) -> bool:
    """Whether an entry is the article that its link leads to. A link that is no other's is as good as an id, but beside
    an id; else the words must be alike.
    """
    if _is_paid_for(article, known):
        return False
    if known.words_hash == article.words_hash or max(_alikeness(article, known)) >= _ALIKE:
        return True
    link = _by_link(article, candidates)
    return link is not None and link.article_id == known.article_id and not _have_own_ids(article, known)


def _have_own_ids(article: Article, known: Known) -> bool:
    """Whether both are known by ids that differ beyond their fragments: under one link, `#0` and `#1` are versions of
    one report.
    """
    if known.key is None:  # another source said it
        return _kind(article.keys[0]) == "id"
    return _kind(article.keys[0]) == _kind(known.key) == "id" and without_fragment(known.key) != without_fragment(
        article.keys[0]
    )


def _is_paid_for(article: Article, known: Known) -> bool:
    """Whether one of them is labelled as advertising and the other is not."""
    return is_advertising(article.folded_title) != is_advertising(known.folded_title)


def _is_another(article: Article, known: Known | Article) -> bool:
    """Whether an entry is not the article under its first key. Under one id: other words at another address. Of an
    entry with neither id nor link the same headline and date over another text is another brief.
    """
    kind = _kind(article.keys[0])
    if kind == "dated":
        return article.opening != known.opening and _alikeness(article, known)[1] < _ALIKE
    if kind != "id" or article.rules.ids == "trusted":
        return False
    here, there = _place(article, article.rules), _place(known, article.rules)
    if (here is None) != (there is None) or (here is not None and here == there):
        return False
    return max(_alikeness(article, known)) < _ALIKE


def _has_link_of(article: Article, known: Known | Article) -> bool:
    """Whether both stand at one place that is no front page."""
    place = _place(article, article.rules)
    return place is not None and place == _place(known, article.rules) and not is_front_page(place)


def _place(said: Article | Known, rules: IdentityRules) -> str | None:
    return place_of(said.url, rules) if said.url else None


def _has_same_date(article: Article, known: Known | Article) -> bool:
    """Whether both state one time. Midnight is a date without a time: many reports have it."""
    return article.published is not None and article.published == known.published and article.published.time() != time()


def _by_weaker_key(article: Article, candidates: Candidates, taken: Set[int]) -> Match | None:
    for key in (spare_key(article), *article.keys):
        known = candidates.get(key)
        if known is None or known.article_id in taken or _kind(key) not in _WEAKER or _is_a_part(article, known):
            continue
        if _is_at_its_link(article, known, candidates):
            return _match(article, known, key)
    return None


def _is_a_part(article: Article, known: Known) -> bool:
    """Whether they are two reports of one page: with ids of their own, and links that differ by the fragment alone."""
    if _kind(article.keys[0]) != "id" or (known.key is not None and _kind(known.key) != "id"):
        return False
    here, there = _place(article, article.rules), _place(known, article.rules)
    return (
        here is not None and there is not None and here != there and without_fragment(here) == without_fragment(there)
    )


def _by_words(article: Article, candidates: Candidates, taken: Set[int], now: datetime, rekeyed: bool) -> Match | None:
    for key in article.near_keys:
        known = candidates.get(key)
        if known is None or known.article_id in taken or _kind(key) == "shared":
            continue
        # A translated twin is a report of its own.
        if (
            not _in_one_language(known.language, article.language)
            or _is_a_part(article, known)
            or _is_paid_for(article, known)
        ):
            continue
        title, opening = _alikeness(article, known)
        within_days = now - known.first_seen <= _WITHIN and _dated_alike(article, known)
        if (within_days and _says_alike(article, known)) or (rekeyed and title == opening == 1.0):
            return _match(article, known, key)
    return None


def _in_one_language(one: str | None, other: str | None) -> bool:
    """By their primary subtags: what was stated may name a region, and what was found does not."""
    return primary_subtag(one or "") == primary_subtag(other or "")


def _says_alike(article: Article, known: Known) -> bool:
    """Whether words are enough. Of reports with links of their own the opening must be equal, and the headline but for
    the spelling of words: the weather of two towns differs in one.
    """
    title, opening = _alikeness(article, known)
    if article.url is None or known.url is None or _has_link_of(article, known):
        return min(title, opening) >= _NEARLY_EQUAL
    if opening != 1.0:
        return _is_shortened(article, known)
    return is_spelled_alike(article.folded_title, known.folded_title)


def _is_shortened(article: Article, known: Known) -> bool:
    """Whether the text of one begins with all that the other says, under one headline and one time: another source of
    the publisher lists the report with its summary alone. A place may stand before it, and dots after it.
    """
    if article.folded_title != known.folded_title or not _has_same_date(article, known):
        return False
    shorter, longer = sorted((article.opening.rstrip(_CUT), known.opening.rstrip(_CUT)), key=len)
    return len(shorter.split()) >= FEWEST_OPENING_WORDS and shorter in longer


def is_spelled_alike(one: str, other: str) -> bool:
    """Whether two headlines differ by the spelling of words alone, or by words that one has more; not by numbers."""
    words, others = one.split(), other.split()
    if len(words) != len(others):
        more, fewer = (words, others) if len(words) > len(others) else (others, words)
        rest = iter(more)
        return all(word in rest for word in fewer) and not _DIGIT.search(" ".join(set(more) - set(fewer)))
    changed = [(a, b) for a, b in zip(words, others, strict=True) if a != b]
    return all(likeness(" ".join(a), " ".join(b)) >= _SAME_SPELLING and not _DIGIT.search(a + b) for a, b in changed)


def _is_rekeyed(articles: Iterable[Article], candidates: Candidates, taken: Set[int]) -> bool:
    """Whether the document lists several articles under new keys, word for word: a new CMS, or an archive imported.
    Of one item it cannot be told from a picture of the day.
    """
    equal = {
        known.article_id
        for article in articles
        for key in article.near_keys
        if _kind(key) != "shared"
        and (known := candidates.get(key))
        and known.article_id not in taken
        and _alikeness(article, known) == (1.0, 1.0)
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
        return replace(match, article=marked(_known_by(article, free)))
    free = tuple(key for key in article.keys if owners.get(key, known.article_id) == known.article_id)
    if free[:1] != article.keys[:1]:
        free = (spare_key(article), *free)
    return replace(match, article=replace(article, keys=free))


def _known_by(article: Article, keys: tuple[str, ...]) -> Article:
    if keys == article.keys:
        return article
    keys = keys or (spare_key(article),)
    return replace(article, keys=keys, id=public_id(article.first_key or article.publisher, keys[0]))


def _alikeness(article: Article, known: Known | Article) -> tuple[float, float]:
    return likeness(article.folded_title, known.folded_title), likeness(article.opening, known.opening)


def _kind(key: str) -> str:
    return key.partition(":")[0]
