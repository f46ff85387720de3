"""Reads the page of one report: what it says of itself to programs, and its text.

On the way of a page: `tree` (bytes to elements, bounded), `linked` (JSON-LD), `region` (where the report stands; what
is no part of it goes), and then each part by its own file: `headline`, `times`, `authors`, `media`, `access`, `text`.
What is said to programs goes before what is shown; each field says by which rule it was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from msgspec import Struct, field

from aggregator.model import Category, FetchResult, Page, PageEvidence
from aggregator.model.errors import ParseError
from aggregator.parse.categories import SECTION, each_once
from aggregator.parse.page import access, authors, body, headline, linked, media, region, text, times, tree
from aggregator.text.folding import fold
from aggregator.text.urls import document_of, literal

_MOST_KEYWORDS, _LONGEST_KEYWORD = 100, 100  # of a page; characters
_LONGEST_SUMMARY = 2_000  # characters
MOST_TEXT = 400_000  # characters of a text; the longest reports of newsrooms have 60,000


class _Found(Struct):
    """The fields that were found so far, and by which rules."""

    values: dict[str, Any] = field(default_factory=dict)
    evidence: list[PageEvidence] = field(default_factory=list)

    def take(self, name: str, value: Any, rule: str) -> None:
        if (value or value is False) and name not in self.values:
            self.values[name] = value
            self.evidence.append(PageEvidence(name, rule))

    def take_pair(self, name: str, pair: tuple[Any, str] | None) -> None:
        if pair is not None:
            self.take(name, *pair)

    def take_time(self, name: str, stated: times.Stated | None) -> None:
        if stated is not None and name not in self.values:
            self.take(name, stated.moment, stated.rule)
            self.values[f"{name}_stated"] = stated.literal


def page_of(result: FetchResult, *, with_text: bool = True) -> Page:
    """What the page in an answer says. `with_text`: its text too, which takes half of the time.

    Raises ParseError, and nothing else, if the answer is no page of HTML that can be read.
    """
    root = tree.elements_of(result)
    try:
        return _read(root, result, with_text)
    except RecursionError as error:
        raise ParseError("the page is nested deeper than can be read") from error


def _read(root: tree.Element, result: FetchResult, with_text: bool) -> Page:
    url = result.url
    found, metas, objects = _Found(), tree.metas_of(root), linked.objects_of(root)
    base = headline.base_of(root, url)
    found.take_pair("canonical", headline.canonical_of(root, metas, url))
    report = _report(root, metas, objects, url, found.values.get("canonical"))
    page = linked.page_object_of(objects)
    names = headline.site_names(metas, objects, url)
    found.take_pair("site", headline.site_of(metas, report, objects))
    found.take_pair("title", headline.title_of(root, metas, report, names))
    found.take_pair("language", headline.language_of(root, metas, report, result.headers.get("content-language")))
    found.take("types", linked.types_of(report), "json-ld")
    found.take_pair("licences", access.licences_of(root, report, objects, base))
    found.take("rights", access.rights_of(report, metas), "json-ld or meta")
    found.take("correction", access.correction_of(report, objects), "json-ld")
    found.take_pair("is_free", access.is_free(report, objects, metas, root))
    found.take_pair("categories", _categories(report, metas))
    found.take_pair("summary", _summary(report, metas))

    within = region.region_of(root, tuple(fold(each) for each in (found.values.get("title"),) if each))
    read = text.Read((), "", within.body)
    if with_text:
        read = text.read(within, _article_body(report), lambda: _second_reader().paragraphs_of(root))
    whole = region.whole_of(within, read.body)
    places = _places(within.heading, whole)
    found.take_time("published", times.published_of(report, page, metas, url, places))
    found.take_time("updated", times.updated_of(report, page, metas, places))
    if "published" not in found.values and with_text:
        found.take_time("published", _second_reader().day_of(root, url))
    for name, key in (("expires", "expires"), ("embargoed_until", "embargoDate")):
        stated = times.moment_of(report.get(key))
        found.take(name, stated.moment if stated else None, "json-ld")
    wrote = authors.authors_of(report, objects, metas, places, names, base)
    found.take("authors", wrote.persons, wrote.persons_rule)
    found.take("byline", wrote.byline, wrote.byline_rule)
    found.take_pair("media", media.media_of(whole, read.body, media.Said(report, objects, metas, base, names)))
    if with_text:
        found.take("paragraphs", _with_standfirst(found, read, within, whole), read.rule)
        if found.values.get("is_free") is False and len(read.paragraphs) < _WHOLE:
            found.take("is_cut", True, "paywall")
    return Page(url=literal(url), evidence=tuple(found.evidence), **found.values)


def _second_reader() -> ModuleType:
    from aggregator.parse.page import second_reader  # takes 180 ms, and many pages say themselves what they hold

    return second_reader


_WHOLE = 6  # paragraphs; of a report that must be paid for, fewer are its beginning


def _report(
    root: tree.Element, metas: headline.Metas, objects: list[linked.Object], url: str, canonical: str | None
) -> linked.Object:
    addresses = frozenset(document_of(each) for each in (url, canonical, *metas.get("og:url", ())) if each)
    said = [*metas.get("og:title", ()), *(tree.words(each) for each in root.iter("h1"))][:10]
    return linked.report_of(objects, addresses, frozenset(fold(tree.line(each)) for each in said if each))


def _places(heading: tree.Element | None, whole: tree.Element) -> list[tree.Element]:
    """Where a page says who wrote a report and when: beside its heading first, then around headline and text."""
    near = (
        [outer for outer in list(heading.iterancestors())[:2] if outer.tag not in ("html", "body")]
        if heading is not None
        else []
    )
    inside = [each for each in near if any(outer is whole for outer in each.iterancestors())]
    outer = whole.getparent()  # where bylines stand below the text
    outside = [outer] if outer is not None and outer.tag not in ("html", "body") else []
    return [*inside, whole, *outside]


def _with_standfirst(found: _Found, read: text.Read, within: region.Region, whole: tree.Element) -> tuple[str, ...]:
    """The paragraphs with the sentences below the headline, which stand before them and outside of their element."""
    paragraphs = list(read.paragraphs)
    title = headline.letters(found.values.get("title") or "")
    while paragraphs and headline.letters(paragraphs[0]) == title and title:
        paragraphs.pop(0)
    summary = found.values.get("summary")
    above = body.standfirst(within.heading, whole, read.body, frozenset((summary,) if summary else ()))
    opening = headline.letters(" ".join(paragraphs)[:4_000])
    new = [each for each in above if headline.letters(each)[:80] not in opening and headline.letters(each) != title]
    kept, length = [], 0
    for each in (*new, *paragraphs):
        length += len(each)
        if length > MOST_TEXT:
            break
        kept.append(each)
    return tuple(kept)


def _article_body(report: linked.Object) -> str:
    said = report.get("articleBody")
    if not isinstance(said, str):
        return ""
    return "\n".join(tree.line(each, len(each)) for each in said[:MOST_TEXT].replace("\r", "\n").split("\n"))


def _summary(report: linked.Object, metas: headline.Metas) -> tuple[str, str] | None:
    said = tree.first(metas, ("og:description", "description", "twitter:description", "dc.description"))
    if said is not None:
        return tree.line(said[1], _LONGEST_SUMMARY), "opengraph" if said[0].startswith("og:") else "meta"
    stated = linked.text_of(report.get("description"), _LONGEST_SUMMARY)
    return (stated, "json-ld") if stated else None


def _categories(report: linked.Object, metas: headline.Metas) -> tuple[tuple[Category, ...], str] | None:
    """Sections, then keywords; each once."""
    sections = list(_terms([report.get("articleSection")])) or list(
        _terms(metas.get(name) for name in ("article:section", "og:article:section", "section", "parsely-section"))
    )
    keywords = list(_terms([report.get("keywords")]))
    keywords = keywords or list(
        _terms(metas.get(name) for name in ("article:tag", "news_keywords", "keywords", "parsely-tags"))
    )
    found = each_once([*(Category(each, SECTION) for each in sections), *map(Category, keywords)])[:_MOST_KEYWORDS]
    rule = "json-ld" if report.get("articleSection") or report.get("keywords") else "meta"
    return (found, rule) if found else None


def _terms(said: Iterable[Any]) -> Iterable[str]:
    for value in said:
        for each in value[:_MOST_KEYWORDS] if isinstance(value, list) else [value]:
            whole = linked.text_of(each, 5_000)
            for part in whole.split(","):
                if 0 < len(part.strip()) <= _LONGEST_KEYWORD:
                    yield part.strip()
