"""Search: what words find, with the words marked where they stand in what may be shown, and filters with counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import KnownPublisher, Selection, Traits
from aggregator.model.errors import SearchError
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.text import highlighting
from aggregator.text import query as queries
from aggregator.text.folding import fold
from aggregator.text.highlighting import Piece
from aggregator.text.html import excerpt
from aggregator.text.languages import primary_subtag
from aggregator.text.printable import line
from aggregator.web.pages import wording
from aggregator.web.pages.choice import FILTERS, TIMES, Choice, choice
from aggregator.web.pages.facets import Facet, facets
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rows import Rows, let_out, rows, with_reports
from aggregator.web.pages.writing import country_in, language_in

_MOST, _BEST = 30, 50  # reports of a page, the newest first and the best first
_SNIPPET = 260  # characters
_OPENING = 30  # words
# How many reports are looked at for the counts: at once, and where the reader asks for more.
_COUNTED, _COUNTED_MORE = 200, 10_000
_SUGGESTED = 4

Order = Literal["newest", "best"]


class Hit(Struct, frozen=True):
    """A report that was found, in the words that may be shown of it."""

    report: Release
    headline: tuple[Piece, ...]
    snippet: tuple[Piece, ...]  # (): none of the words is in what may be shown


class Counts(Struct, frozen=True):
    """How many reports were found. `is_all`: there are no more than that."""

    number: int
    is_all: bool
    more: str | None  # the path of the page that counts further; None: it is counted as far as it ever is
    chosen: Sequence[Facet]  # filters that are in use
    facets: Sequence[Facet]  # others


def search(visit: Visit) -> Page:
    asked = choice(visit, ("q", *FILTERS, *TIMES))
    known = visit.store.known_publishers()
    order: Order = "best" if visit.one("order") == "best" and asked.query and asked.query.wanted else "newest"
    found, counts = Rows(()), None
    if not asked.is_nothing and not asked.faults:
        listed = visit.store.traits(replace(asked.selection, channel="web", limit=_most(visit) + 1), asked.query)
        counts = _counts(visit, asked, listed, known)
        found = _best(visit, asked) if order == "best" else _newest(visit, asked, [each.id for each in listed])
    title = visit.gettext("Search")
    page = Page(
        template="search.html",
        title=f"{line(asked.words)} – {title}" if asked.words else title,
        description=visit.gettext("Search the reports of all publishers of this wire, in every language and script."),
        values={
            "asked": asked,
            "order": order,
            "hits": [_hit(each, asked) for each in found.reports],
            "older": found.older and asked.address("/search", before=found.older),
            "counts": counts,
            "names": {key: each.name for key, each in known.items()},
            "options": _options(visit, known),
            "is_faulty": any(name != "q" for name in asked.faults),
            "is_filtered": asked.has((*FILTERS, *TIMES)),
            "bare": f"/search?{urlencode({'q': asked.words})}" if asked.words else "/search",
            "others": _others(visit, asked) if counts and not counts.number else (),
            "follow": _followed(asked),
        },
        canonical=visit.address(asked.address("/search")),
        is_indexed=asked.is_nothing,
        status=400 if asked.faults else 200,
    )
    return with_reports(page, found.reports)


def _best(visit: Visit, asked: Choice) -> Rows:
    """The best of the newest: it has one page."""
    assert asked.query is not None
    wanted = replace(asked.selection, channel="web", limit=_BEST)
    ids = [each.id for each in visit.store.search(asked.query, wanted, ranked=True)]
    return Rows(let_out(visit, ids))


def _hit(report: Release, asked: Choice) -> Hit:
    headline = beside.headline(report)
    if asked.query is None:
        return Hit(report, ((headline, False),), _opening(report))
    title = highlighting.marked(headline, highlighting.wanted(asked.query, in_title=True))
    elsewhere = highlighting.wanted(asked.query)
    snippet = highlighting.snippet(report.text, elsewhere, _SNIPPET)
    if not snippet and report.summary != report.text:
        snippet = highlighting.snippet(report.summary, elsewhere, _SNIPPET)
    if not snippet and any(is_found for _, is_found in title):
        snippet = _opening(report)
    return Hit(report, title, snippet)


def _opening(report: Release) -> tuple[Piece, ...]:
    words = excerpt(report.summary, report.text, _OPENING)
    return ((words, False),) if words else ()


def _newest(visit: Visit, asked: Choice, ids: Sequence[str]) -> Rows:
    """`ids`: those of the first page, and more."""
    if visit.one("before") is not None:
        return rows(visit, asked.selection, _MOST, asked.query)
    return Rows(let_out(visit, ids[:_MOST]), ids[_MOST - 1] if len(ids) > _MOST else None)


def _most(visit: Visit) -> int:
    """How many reports are counted."""
    return _COUNTED_MORE if visit.one("counts") == "more" else _COUNTED


def _counts(visit: Visit, asked: Choice, found: Sequence[Traits], known: Mapping[str, KnownPublisher]) -> Counts:
    """What the counts are of, the newest: whatever is found, it takes no longer than to read so many."""
    most = _most(visit)
    of_filters = facets("/search", asked, found[:most], known)
    in_use, others = ([each for each in of_filters if each.is_chosen is wanted] for wanted in (True, False))
    more = None if most == _COUNTED_MORE else asked.address("/search", counts="more", before=None)
    return Counts(min(len(found), most), len(found) <= most, more, in_use, others)


def _options(visit: Visit, known: Mapping[str, KnownPublisher]) -> Mapping[str, list[tuple[str, str]]]:
    """Values of filters of which there are few: those that publishers here are of, and what they are called."""
    language, gettext = visit.reader.language, visit.gettext
    countries = {each.country for each in known.values()}
    languages = {primary_subtag(tag) for each in known.values() for tag in each.languages}
    return {
        "country": sorted(((each, country_in(each, language)) for each in countries), key=_called),
        "language": sorted(((each, language_in(each, language)) for each in languages), key=_called),
        "group": [(each, gettext(called)) for each, called in wording.GROUPS.items()],
        "kind": [(each, gettext(called)) for each, called in wording.KINDS.items()],
        "class": [(each, gettext(called)) for each, called in wording.ITEM_CLASSES.items()],
    }


def _called(option: tuple[str, str]) -> str:
    return fold(option[1])


def _followed(asked: Choice) -> str | None:
    """What follows the path of a feed of it; None: there is nothing to follow."""
    if asked.faults or (asked.query is None and asked.selection == Selection()):
        return None
    return asked.asked(since=None, until=None, order=None, counts=None, before=None) or None


def _others(visit: Visit, asked: Choice) -> list[tuple[str, str]]:
    """Searches that find something where this one does not: words, and the path of their page."""
    found: list[tuple[str, str]] = []
    selection = replace(asked.selection, channel="web")
    for words in dict.fromkeys(queries.others(asked.words) if asked.words else ()):
        try:
            query = queries.parse(words, visit.now)
        except SearchError:  # left without a word
            continue
        if visit.store.count(selection, query, most=1):
            found.append((words, asked.address("/search", q=words, before=None)))
        if len(found) == _SUGGESTED:
            break
    return found


ROUTES = (PageRoute("/search", search, ("q", *FILTERS, *TIMES, "order", "counts", "before")),)
