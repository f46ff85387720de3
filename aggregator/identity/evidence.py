"""What speaks for an entry and a report being one, and what against it: their links, dates, labels and words."""

from __future__ import annotations

import re
from datetime import time, timedelta

from aggregator.identity.advertising import is_advertising
from aggregator.identity.keys import FEWEST_OPENING_WORDS, place_of
from aggregator.model import Article, IdentityRules, Known
from aggregator.text.languages import primary_subtag
from aggregator.text.likeness import likeness
from aggregator.text.urls import is_front_page, without_fragment

# Two headlines or openings as alike as this may be versions of one.
ALIKE = 0.5
# As the only evidence they must be nearly equal, both, and within days.
_NEARLY_EQUAL = 0.75
_SAME_DATE = timedelta(hours=12)
_SAME_SPELLING = 0.8  # how alike the letters of two words are of which one mends the other
_CUT = " .\N{HORIZONTAL ELLIPSIS}[]"  # signs with which a text ends that was cut
_DIGIT = re.compile(r"\d")


def is_rather(by_link: Article, by_id: Article, known: Known) -> bool:
    """Whether an article is rather the entry that has its link than the one that has its id and another link."""
    if by_link is by_id or has_link_of(by_id, known):
        return False
    return sum(alikeness(by_link, known)) >= sum(alikeness(by_id, known))


def has_moved(article: Article, known: Known) -> bool:
    """Whether the same id came with another address, other words and another date. Once, that is a report that was
    edited; where it repeats, the id is used for several.
    """
    if known.joined or article.url is None or known.url is None or _has_same_date(article, known):
        return False
    if _path(article.url, article.rules) == _path(known.url, article.rules):
        return False
    return article.folded_title != known.folded_title or article.opening != known.opening


def moves_again(article: Article, known: Known) -> bool:
    """Whether a report that `has_moved` is another than the one with its id, where no other of its document is."""
    if article.published and known.published and abs(article.published - known.published) <= _SAME_DATE:
        return False
    return known.moved


def _path(url: str, rules: IdentityRules) -> str:
    """An address without query, where a session may stand."""
    place = place_of(url, rules)
    path = without_fragment(place).partition("?")[0]
    return place if is_front_page(path) else path


def have_own_ids(article: Article, known: Known) -> bool:
    """Whether both are known by ids that differ beyond their fragments: under one link, `#0` and `#1` are versions of
    one report.
    """
    if known.key is None:  # another source said it
        return kind_of(article.keys[0]) == "id"
    return kind_of(article.keys[0]) == kind_of(known.key) == "id" and without_fragment(known.key) != without_fragment(
        article.keys[0]
    )


def is_paid_for(article: Article, known: Known) -> bool:
    """Whether one of them is labelled as advertising and the other is not."""
    return is_advertising(article.folded_title) != is_advertising(known.folded_title)


def is_another(article: Article, known: Known | Article) -> bool:
    """Whether an entry is not the article under its first key. Under one id: other words at another address. Of an
    entry with neither id nor link the same headline and date over another text is another brief.
    """
    kind = kind_of(article.keys[0])
    if kind == "dated":
        return article.opening != known.opening and alikeness(article, known)[1] < ALIKE
    if kind != "id" or article.rules.ids == "trusted":
        return False
    here, there = _place(article, article.rules), _place(known, article.rules)
    if (here is None) != (there is None) or (here is not None and here == there):
        return False
    return max(alikeness(article, known)) < ALIKE


def has_link_of(article: Article, known: Known | Article) -> bool:
    """Whether both stand at one place that is no front page."""
    place = _place(article, article.rules)
    return place is not None and place == _place(known, article.rules) and not is_front_page(place)


def _place(said: Article | Known, rules: IdentityRules) -> str | None:
    return place_of(said.url, rules) if said.url else None


def _has_same_date(article: Article, known: Known | Article) -> bool:
    """Whether both state one time. Midnight is a date without a time: many reports have it."""
    return article.published is not None and article.published == known.published and article.published.time() != time()


def is_a_part(article: Article, known: Known) -> bool:
    """Whether they are two reports of one page: with ids of their own, and links that differ by the fragment alone."""
    if kind_of(article.keys[0]) != "id" or (known.key is not None and kind_of(known.key) != "id"):
        return False
    here, there = _place(article, article.rules), _place(known, article.rules)
    return (
        here is not None and there is not None and here != there and without_fragment(here) == without_fragment(there)
    )


def are_in_one_language(one: str | None, other: str | None) -> bool:
    """By their primary subtags: what was stated may name a region, and what was found does not."""
    return primary_subtag(one or "") == primary_subtag(other or "")


def says_alike(article: Article, known: Known) -> bool:
    """Whether words are enough. Of reports with links of their own the opening must be equal, and the headline but for
    the spelling of words: two towns' weather reports may differ in a single word.
    """
    title, opening = alikeness(article, known)
    if article.url is None or known.url is None or has_link_of(article, known):
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


def is_dated_alike(article: Article, known: Known) -> bool:
    """The picture of the day has one headline and one caption every day; only its date tells them apart. The weather
    of two towns differs in a word of the headline, and in the minute: there the date must be the very same.
    """
    same_title = article.folded_title == known.folded_title
    if article.published is None or known.published is None:
        return same_title or article.published == known.published
    return abs(article.published - known.published) <= (_SAME_DATE if same_title else timedelta(0))


def alikeness(article: Article, known: Known | Article) -> tuple[float, float]:
    """Of their headlines and of how they begin, each from 0 to 1."""
    return likeness(article.folded_title, known.folded_title), likeness(article.opening, known.opening)


def kind_of(key: str) -> str:
    """Of a key, such as id, alt, url, dated, words or spare."""
    return key.partition(":")[0]
