"""The front page: what is new at the top, opinion and documents apart from news, and a part of what regions and topics
have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from aggregator.model import ItemClass, Report, Selection
from aggregator.model.release import Release
from aggregator.tags import regions
from aggregator.tags.vocabulary import first_level, topics
from aggregator.web.pages.lists import BEFORE, Link, topic_link
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rows import let_out, with_reports
from aggregator.web.pages.sections import latest
from aggregator.web.pages.shares import in_rounds, in_sections
from aggregator.web.pages.writing import country_in

_NEWEST = 120  # reports, of which the page is chosen
_TOP = 16  # reports at the top: the lead, some beside it, some under it, the others in a list
_BESIDE, _UNDER, _UNDER_NO_PICTURE = 4, 2, 4
_APART = 4  # of opinion, of our own
_DOCUMENTS = 6
_SECTIONS, _IN_SECTION = 3, 4  # of regions, of topics
_COUNTRIES = 12  # that the newest reports are about
_NEWS: tuple[ItemClass, ...] = ("news", "analysis", "interview")
_FROM_INSTITUTIONS: tuple[ItemClass, ...] = ("document", "press_release", "notice")


class Section(Struct, frozen=True):
    """A part of the page, with the list of which it has the beginning."""

    whole: Link
    reports: tuple[Release, ...]


class _Chosen(Struct, frozen=True):
    """Which reports stand where, before the gate has been asked."""

    top: tuple[Report, ...]
    opinion: tuple[Report, ...]
    own: tuple[Report, ...]
    documents: tuple[Report, ...]
    regions: list[tuple[str, tuple[Report, ...]]]
    topics: list[tuple[str, tuple[Report, ...]]]

    def all(self) -> Iterable[Report]:
        yield from (*self.top, *self.opinion, *self.own, *self.documents)
        for _, reports in (*self.regions, *self.topics):
            yield from reports


def front(visit: Visit) -> Page:
    if visit.one("before"):  # a page of the list that the front page begins
        return latest(visit)
    newest = list(visit.store.reports(Selection(channel="web", limit=_NEWEST)))
    chosen = _choose(visit, newest)
    out = {each.id: each for each in let_out(visit, dict.fromkeys(report.id for report in chosen.all()))}
    page = Page(
        template="front.html",
        title=visit.wire.name,
        description=visit.gettext("The latest reports of all publishers of this wire."),
        values=_values(visit, chosen, out, newest),
        canonical=visit.address("/"),
        feed="/feeds/latest",
    )
    return with_reports(page, tuple(out.values()))


def _choose(visit: Visit, newest: Sequence[Report]) -> _Chosen:
    own = {key for key, each in visit.store.known_publishers().items() if each.group == "own"}
    news = [each for each in newest if each.item_class in _NEWS and each.publisher not in own]
    top = in_rounds(news, _TOP)
    rest = [each for each in news if each not in top]
    of_regions = in_sections(rest, _regions_of, _SECTIONS, _IN_SECTION)
    taken = {report.id for _, reports in of_regions for report in reports}
    rest = [each for each in rest if each.id not in taken]
    return _Chosen(
        top=top,
        opinion=_apart(visit, newest, Selection(item_classes=("opinion",)), _APART),
        own=_apart(visit, [each for each in newest if each.publisher in own], Selection(groups=("own",)), _APART),
        documents=_apart(visit, newest, Selection(item_classes=_FROM_INSTITUTIONS), _DOCUMENTS),
        regions=of_regions,
        topics=in_sections(rest, _topics_of, _SECTIONS, _IN_SECTION),
    )


def _apart(visit: Visit, newest: Sequence[Report], of: Selection, most: int) -> tuple[Report, ...]:
    """Reports of some classes, or of a group: of the newest of all, or, where these have too few, of the whole wire."""
    found = [each for each in newest if not of.item_classes or each.item_class in of.item_classes]
    if len(found) < most:
        found = list(
            visit.store.reports(
                Selection(item_classes=of.item_classes, groups=of.groups, channel="web", limit=3 * most)
            )
        )
    return in_rounds(found, most)


def _regions_of(report: Report) -> Iterable[str]:
    """The region of the publisher: it says where a report comes from, which is known of each."""
    region = regions.region_of(report.country)
    return (region,) if region else ()


def _topics_of(report: Report) -> Iterable[str]:
    """The topics of the first level that it is about, the heaviest first, each once."""
    return dict.fromkeys(first_level(code) for code in report.topics if code in topics())


def _values(visit: Visit, chosen: _Chosen, out: dict[str, Release], newest: Sequence[Report]) -> dict[str, object]:
    def let(reports: Iterable[Report]) -> tuple[Release, ...]:
        return tuple(out[report.id] for report in reports if report.id in out)

    language, gettext = visit.reader.language, visit.gettext
    top = let(chosen.top)
    lead = next((each for each in top if own_pictures(each)), next(iter(top), None))
    others = [each for each in top if each is not lead]
    under = _BESIDE + (_UNDER if lead and own_pictures(lead) else _UNDER_NO_PICTURE)
    about = Counter(code for report in newest for code in report.about)
    return {
        "lead": lead,
        "beside": others[:_BESIDE],
        "under": others[_BESIDE:under],
        "latest": others[under:],
        "older": newest[-1].id if len(newest) == _NEWEST else None,
        "opinion": Section(Link("/opinion", gettext("Opinion")), let(chosen.opinion)),
        "own": Section(Link("/own", gettext("Our own reports")), let(chosen.own)),
        "documents": Section(Link("/documents", gettext("Documents and press releases")), let(chosen.documents)),
        "regions": [
            Section(Link(f"/region/{code}?by=publishers", country_in(code, language)), let(reports))
            for code, reports in chosen.regions
        ],
        "topics": [Section(topic_link(code, language), let(reports)) for code, reports in chosen.topics],
        "countries": [
            Link(f"/country/{code.lower()}", country_in(code, language)) for code, _ in about.most_common(_COUNTRIES)
        ],
    }


def own_pictures(report: Release) -> bool:
    """Whether it has a picture that lists show: a copy of the wire's own. Others are asked for on its page alone, so
    that who reads a list is known to nobody else.
    """
    return any(each.copy for each in report.pictures)


ROUTES = (PageRoute("/", front, BEFORE),)
