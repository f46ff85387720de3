"""Who made a report, and where: dateline, byline and credits put together. Pure: words in, `Who` out.

`who_of` needs nothing but what is stored of a report, so that all of it can be made again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aggregator.model import Media
from aggregator.model.who import Byline, Dateline, FoundAgency, FoundIn, Who
from aggregator.tags.agencies import Agency, agency_named
from aggregator.tags.bylines import byline_of, is_byline, is_sign_off
from aggregator.tags.credits import credit_of
from aggregator.tags.datelines import agency_at_start, dateline_of
from aggregator.tags.known_places import key_of

_MOST_AUTHORS, _MOST_AGENCIES = 20, 10
_MOST_OF_NAME = 200  # characters


def who_of(text: str, byline: str | None, media: Sequence[Media], language: str | None, house: Sequence[str]) -> Who:
    """Of a report's plain text, a paragraph a line; of its byline, as stated; of its pictures, read by `with_credits`.
    `house`: names of its publisher, which is none of its own agencies.
    """
    above, words, below = _apart(text)
    dateline = dateline_of(words, language)
    stated, within = byline_of(byline or "", language, house), _within(byline, above, below, language, house)
    authors = {author.name: author for author in (stated.authors if stated else ())}
    for author in (each for found in within for each in found.authors):
        authors.setdefault(author.name, replace(author, where="text"))
    own = _own(house)
    organisations = [
        name for name in (stated.organisations if stated else ()) if not agency_named(name) and not _is_own(name, house)
    ]
    bylines: list[tuple[Byline, FoundIn]] = [(each, "text") for each in within]
    if stated:
        bylines.insert(0, (stated, "byline"))
    return Who(
        dateline=dateline,
        authors=tuple(authors.values())[:_MOST_AUTHORS],
        organisations=tuple(dict.fromkeys(organisations))[:_MOST_AUTHORS],
        agencies=tuple(_agencies(dateline or agency_at_start(words), bylines, media, own))[:_MOST_AGENCIES],
    )


def with_credits(media: Sequence[Media]) -> tuple[Media, ...]:
    """The media, those pictures with the credit that their caption holds whose publisher gives no other. The caption
    stays as it is.
    """
    return tuple(_with_credit(each) for each in media)


def _with_credit(media: Media) -> Media:
    if media.credit or media.copyright or media.caption is None:
        return media
    literal = credit_of(media.caption.value).literal
    return replace(media, credit=" ".join(literal.split())[:_MOST_OF_NAME]) if literal else media


def _apart(text: str) -> tuple[str | None, str, str | None]:
    """A byline that stands above the text, the text, and the line below it that says who worked on it."""
    first, _, rest = text.partition("\n")
    above = first if rest.strip() and len(first) < 120 and is_byline(first) else None
    last = text[-600:].rstrip().rpartition("\n")[2]
    return above, rest if above else text, last if is_sign_off(last) else None


def _within(
    byline: str | None, above: str | None, below: str | None, language: str | None, house: Sequence[str]
) -> list[Byline]:
    """Bylines that stand within the text; the one above it counts where there is no other."""
    lines = (None if byline else above, below)
    return [found for each in lines if each and (found := byline_of(each, language, house))]


def _agencies(
    dateline: Dateline | str | None,
    bylines: Iterable[tuple[Byline, FoundIn]],
    media: Iterable[Media],
    own: frozenset[Agency],
) -> Iterator[FoundAgency]:
    seen = set(own)
    for stated, where, words in _named(dateline, bylines, media):
        named = agency_named(stated)
        if named and named.agency not in seen:
            seen.add(named.agency)
            agency = named.agency
            yield FoundAgency(name=agency.name, kind=agency.kind, stated=stated, where=where, words=words)


def _named(
    dateline: Dateline | str | None, bylines: Iterable[tuple[Byline, FoundIn]], media: Iterable[Media]
) -> Iterator[tuple[str, FoundIn, str]]:
    """How agencies may be named, where, and the words there."""
    if isinstance(dateline, Dateline):
        yield dateline.agency or "", "dateline", dateline.literal
    elif dateline:
        yield dateline, "dateline", dateline
    for byline, where in bylines:
        yield from ((name, where, byline.literal) for name in byline.organisations)
    for said in filter(None, (each.credit or each.copyright for each in media)):
        credit = credit_of(said)
        yield from ((name, "credit", said) for name in (credit.agency, credit.distributor) if name)


def _own(house: Sequence[str]) -> frozenset[Agency]:
    return frozenset(named.agency for each in house if (named := agency_named(re.sub(r"\s*\(.*\)$", "", each))))


def _is_own(name: str, house: Sequence[str]) -> bool:
    key = key_of(name)
    return any(key in key_of(each) or key_of(each) in key for each in house if each)
