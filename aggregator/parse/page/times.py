"""When a page says that its report was published and changed, and by which of its many ways of saying it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from aggregator.parse.page.linked import Object, text_of
from aggregator.parse.page.tree import Element, line, named, short_words
from aggregator.text.dates import read_date

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "article:published", "og:published_time",
    "article.published", "published_time", "parsely-pub-date", "sailthru.date", "publishdate", "publish-date",
    "publish_date",
    "publication_date", "published_at", "swiftype:published_at", "pubdate", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dcterms.created", "dcterms.issued", "dc.date.issued", "dc.date.created", "dc.date", "dcterms.date",
    "date.available",
    "article:created", "datecreated", "rnews:datepublished", "citation_publication_date", "date",
    "originalpublicationdate", "iso-8601-publish-date",
    "og:pubdate", "article_date_original", "release_date", "og:release_date", "displaydate",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "og:article:modified_time", "datemodified", "og:updated_time", "article:modified",
    "modified_time",
    "article:updated_time", "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "date.updated",
    "updated_time",
)  # fmt: skip
_DATE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:date|dates|datetime|timestamp|time|published|publish\w*|posted|posted-?on|entry-?date|post-?date|"
    r"pubdate|createdate|created|submitted|itemdatecreated|info-?publication|fecha|data|datum|byline|meta"
    r"|post-?meta|entry-?meta)"
    r"(?:$|[\s_-])"
)
_UPDATED_CLASS = re.compile(r"updated|modified|maj\b|mise-?a-?jour|actuali")
_UPDATED_WORDS = re.compile(
    r"(?i)\b(?:updated|modified|mis(?:e)?\s+à\s+jour|modifi[ée]|atualizad|actualizad|aktualisiert)"
)
# A date within a longer text, such as `Publié le 12 mars 2024 à 10h15 par ...`.
_WITHIN = re.compile(
    r"(?i)\d{4}-\d\d?-\d\d?(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(?:\d{1,2}(?:er|st|nd|rd|th|º|o)?\.?\s+(?:de\s+|of\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}/\d\d?/\d\d?)"
    r"(?:\s*(?:,|-|–|\||·|at|à|às|a\s+las|um|saa)?\s*\d{1,2}(?:[:h]\d\d(?::\d\d)?"
    r"|h\b)(?:\s?[ap]\.?m\.?)?(?:\s(?:UTC|GMT|EAT|WAT|CAT|SAST)\b)?)?"
)
_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?:[/-]|$)")
_ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\s*$")
_CLOCK = re.compile(r"\d\d?[:h.]\d\d")
_LONGEST_PLACE, _MOST_PLACES = 200, 60  # characters, elements that are looked at


class Stated(Struct, frozen=True):
    """A moment as it is stated, and by which rule it was found."""

    literal: str
    moment: datetime
    rule: str


def published_of(
    report: Object, page: Object, metas: dict[str, list[str]], url: str, places: list[Element]
) -> Stated | None:
    """When the report was published. `places`: the elements around headline and text, the likeliest first."""
    said = [*_of_json(report, ("datePublished", "dateCreated", "uploadDate")), *_of_metas(metas, _PUBLISHED)]
    said += _of_json(page, ("datePublished",))
    found = _surest(said) or next(iter(_of_places(places, is_updated=False)), None)
    return found or _of_address(url)


def updated_of(report: Object, page: Object, metas: dict[str, list[str]], places: list[Element]) -> Stated | None:
    said = [*_of_json(report, ("dateModified",)), *_of_metas(metas, _UPDATED), *_of_json(page, ("dateModified",))]
    return _surest(said) or next(iter(_of_places(places, is_updated=True)), None)


def moment_of(said: object) -> Stated | None:
    """A moment that JSON-LD states, such as `expires`."""
    return next(iter(_stated([text_of(said)], "json-ld")), None)


def _of_json(said: Object, keys: Iterable[str]) -> list[Stated]:
    return _stated([text_of(said.get(key)) for key in keys], "json-ld")


def _of_metas(metas: dict[str, list[str]], names: Iterable[str]) -> list[Stated]:
    return _stated([line(said) for name in names for said in metas.get(name, ())[:3]], "meta")


def _stated(literals: Iterable[str], rule: str) -> list[Stated]:
    return [found for each in literals if each and (found := _of_literal(each, rule))]


def _of_literal(said: str, rule: str) -> Stated | None:
    """The moment of a literal, or of the date within a longer text."""
    if moment := read_date(said):
        return Stated(said, moment, rule)
    within = _WITHIN.search(said[:_LONGEST_PLACE])
    moment = read_date(within[0].strip()) if within else None
    return Stated(within[0].strip(), moment, rule) if within and moment else None


def _surest(said: list[Stated]) -> Stated | None:
    """The first, or one that says the same more exactly: with a clock, or with a zone."""
    if not said:
        return None
    best = said[0]
    if not _CLOCK.search(best.literal):
        exact = (
            each
            for each in said
            if _CLOCK.search(each.literal) and abs(each.moment - best.moment) < timedelta(hours=38)
        )
        best = next(exact, best)
    if not _ZONE.search(best.literal) and _CLOCK.search(best.literal):
        best = next((each for each in said if _ZONE.search(each.literal) and _is_same_clock(each, best)), best)
    return best


def _is_same_clock(one: Stated, other: Stated) -> bool:
    """Whether two moments can be one, one of them without its zone: quarters of an hour lie between."""
    apart = abs(one.moment - other.moment)
    return apart <= timedelta(hours=14) and apart.total_seconds() % 900 == 0


def _of_places(places: list[Element], is_updated: bool) -> Iterator[Stated]:
    """What the elements around headline and text say: `time` first, then what their classes call a date."""
    seen: set[Element] = set()
    for place in places:
        looked_at = marked = 0
        for each in place.iter(
            "time", "span", "div", "p", "li", "abbr", "small", "meta", "dd", "a", "em", "i", "strong", "td", "h5", "h6"
        ):
            if each in seen:
                continue
            if looked_at > 50 * _MOST_PLACES:
                break
            looked_at += 1
            seen.add(each)
            prop = (each.get("itemprop") or "").lower()
            is_time = each.tag == "time" or prop in ("datepublished", "datemodified", "datecreated")
            if not is_time and not _DATE_CLASS.search(named(each)):
                continue
            marked += 1
            if marked > _MOST_PLACES:
                break
            text = short_words(each, _LONGEST_PLACE)
            if not text and each.tag not in ("time", "meta"):
                continue
            marks_update = prop == "datemodified" or _UPDATED_CLASS.search(named(each)) or _UPDATED_WORDS.match(text)
            is_wordpress = "published" in named(each)  # `entry-date published updated`: both
            if bool(marks_update and not is_wordpress) is not is_updated:
                continue
            literals = [
                each.get("datetime"),
                each.get("content"),
                each.get("title") if each.tag == "abbr" else None,
                text,
            ]
            yield from _stated([line(said) for said in literals if said], "time" if is_time else "date class")


def _of_address(url: str) -> Stated | None:
    found = _IN_ADDRESS.search(url)
    moment = read_date(f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}") if found else None
    return Stated(found[0].strip("/"), moment, "address") if found and moment else None
