"""Who made a report, and where: dateline, byline and credits put together. Pure: words in, `Who` out.

`who_of` needs nothing but what is stored of a report, so that all of it can be made again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec.structs import replace

from aggregator.model import MakerWords, Media, TagSettings
from aggregator.model.who import Author, Byline, Dateline, FoundAgency, FoundIn, Who
from aggregator.tags.agencies import Agency, agency_named
from aggregator.tags.bylines import byline_of, is_byline, is_sign_off
from aggregator.tags.credits import credit_of
from aggregator.tags.datelines import agency_at_start, dateline_of
from aggregator.tags.known_places import key_of

_MOST_AUTHORS, _MOST_AGENCIES = 20, 10
_MOST_OF_NAME = 200  # characters
_MOST_OF_LINE = 600
_Bylines = Sequence[tuple[Byline, FoundIn]]


def maker_words(text: str, byline: str | None, media: Iterable[Media], house: Sequence[str]) -> MakerWords:
    """What of a report its makers are read from. `text`: all of it, plain; `house`: names of its publisher."""
    return MakerWords(
        byline=byline,
        house=tuple(house),
        credits=tuple(said for each in media if (said := each.credit or each.copyright)),
        last_line=text[-_MOST_OF_LINE:].rstrip().rpartition("\n")[2],
    )


def who_of(text: str, words: MakerWords, language: str | None, settings: TagSettings) -> Who:
    """Of a report's plain text, a paragraph a line, or the beginning of it. What `settings` switch off is not read."""
    above, below_it = _apart(text)
    dateline = dateline_of(below_it, language) if settings.datelines else None
    start = dateline or (agency_at_start(below_it) if settings.datelines else None)
    bylines = list(_bylines(words, above, language)) if settings.bylines else []
    return Who(
        dateline=dateline,
        authors=tuple(_authors(bylines))[:_MOST_AUTHORS],
        organisations=tuple(_organisations(bylines, words.house))[:_MOST_AUTHORS],
        agencies=tuple(_agencies(start, bylines, words if settings.credits else replace(words, credits=())))[
            :_MOST_AGENCIES
        ],
    )


def with_credits(media: Sequence[Media]) -> tuple[Media, ...]:
    """The media, those pictures with the credit that their caption holds whose publisher gives no other. The caption
    stays as it is.
    """
    return tuple(map(_with_credit, media))


def _with_credit(media: Media) -> Media:
    if media.credit or media.copyright or media.caption is None:
        return media
    credit = _credit_in(media.caption.value)
    return replace(media, credit=credit) if credit else media


def _credit_in(caption: str) -> str | None:
    literal = credit_of(caption).literal
    return " ".join(literal.split())[:_MOST_OF_NAME] if literal else None


def credits_in(captions: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """The credits that captions of stored pictures hold; see `MakerWords.captions`."""
    return tuple((place, credit) for place, caption in captions if (credit := _credit_in(caption)))


def _apart(text: str) -> tuple[str | None, str]:
    """A byline that stands above the text, and the text."""
    first, _, rest = text.partition("\n")
    above = first if rest.strip() and len(first) < 120 and is_byline(first) else None
    return above, rest if above else text


def _bylines(words: MakerWords, above: str | None, language: str | None) -> Iterator[tuple[Byline, FoundIn]]:
    """The byline as stated, or else the one above the text; and the last line of the text, where that is one."""
    below = words.last_line if is_sign_off(words.last_line) else None
    stated: list[tuple[str | None, FoundIn]] = [(words.byline, "byline"), (None if words.byline else above, "text")]
    for said, where in (*stated, (below, "text")):
        if said and (found := byline_of(said, language, words.house)):
            yield found, "byline" if where == "byline" else "text"


def _authors(bylines: _Bylines) -> Iterator[Author]:
    """Each name once."""
    seen: set[str] = set()
    for found, where in bylines:
        for author in found.authors:
            if author.name not in seen:
                seen.add(author.name)
                yield author if author.where == where else replace(author, where=where)


def _organisations(bylines: _Bylines, house: Sequence[str]) -> Iterator[str]:
    """Those of the stated byline that are no agencies and not its publisher."""
    names = (name for found, where in bylines if where == "byline" for name in found.organisations)
    own = [key_of(each) for each in house if each]
    for name in dict.fromkeys(names):
        key = key_of(name)
        if not agency_named(name) and not any(key in each or each in key for each in own):
            yield name


def _agencies(start: Dateline | str | None, bylines: _Bylines, words: MakerWords) -> Iterator[FoundAgency]:
    """Each once, and none that is the publisher itself."""
    seen: set[Agency] = set()
    own = _own(tuple(words.house))
    for stated, where, evidence in _named(start, bylines, words.credits):
        named = agency_named(stated)
        if named and named.agency not in seen and named.agency not in own:
            seen.add(named.agency)
            yield FoundAgency(
                name=named.agency.name, kind=named.agency.kind, stated=stated, where=where, words=evidence
            )


def _named(
    start: Dateline | str | None, bylines: _Bylines, credits: Iterable[str]
) -> Iterator[tuple[str, FoundIn, str]]:
    """How agencies may be named, where, and the words there."""
    if isinstance(start, Dateline):
        yield start.agency or "", "dateline", start.literal
    elif start:
        yield start, "dateline", start
    for byline, where in bylines:
        yield from ((name, where, byline.literal) for name in byline.organisations)
    for said in credits:
        credit = credit_of(said)
        yield from ((name, "credit", said) for name in (credit.agency, credit.distributor) if name)


@lru_cache(1_000)
def _own(house: Sequence[str]) -> frozenset[Agency]:
    return frozenset(named.agency for each in house if (named := agency_named(re.sub(r"\s*\(.*\)$", "", each))))
