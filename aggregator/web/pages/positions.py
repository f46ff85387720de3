"""Positions side by side: what governments, other institutions, news organisations and individuals said on one
subject, day by day, and who said nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.signals import by_publisher, of_publisher
from aggregator.model import Publisher, Selection
from aggregator.model.release import Release
from aggregator.rights import widest
from aggregator.text.html import excerpt
from aggregator.web.pages.choice import TIMES, Choice, choice
from aggregator.web.pages.columns import COLUMN_NAMES, COLUMNS, ColumnName, Day, arranged, column_of, day_of, whole_days
from aggregator.web.pages.lists import Link, topic_link
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rows import below, let_out, with_reports
from aggregator.web.pages.stances import stances
from aggregator.web.pages.writing import country_in, language_in, topic_heading

SUBJECT = ("q", "about", "topic", "country")
ASKED = (*SUBJECT, "language", *TIMES)
MOST = 100  # reports of a page
_MOST_SILENT = 60  # publishers without a report that are named, of a column
_MOST_OF_DAY = 10_000  # reports of a day that are looked at for who has one
_WORDS = 40  # of a report
_OFFERED = 12  # topics, and countries
_LOOKED_AT = 500  # reports, for these
_DAY, _NOON = timedelta(days=1), time(12)


class Column(Struct, frozen=True):
    """A column: who is in it without a report. `more`: how many of these are not named."""

    name: ColumnName
    heading: str
    silent: tuple[Publisher, ...] = ()
    more: int = 0


class Compared(Struct, frozen=True):
    """A page of reports side by side. `first` and `last`: the days that it covers, the latest first; `last` is None
    where it goes back as far as the wire does. `is_cut`: its only day has more reports than it shows.
    """

    days: tuple[Day, ...]
    columns: tuple[Column, ...]
    older: str | None
    first: datetime
    last: datetime | None
    is_cut: bool
    reports: tuple[Release, ...]


def positions(visit: Visit) -> Page:
    asked = choice(visit, ASKED)
    if not asked.has(SUBJECT):
        return _without_subject(visit, asked)
    found = None if asked.faults else compared(visit, asked)
    subject = " · ".join(_named(visit, asked))
    title = visit.gettext("Side by side")
    page = Page(
        template="positions.html",
        title=f"{subject} – {title}" if subject else title,
        description=visit.gettext("What each kind of publisher of this wire said on one subject, day by day."),
        values={
            "asked": asked,
            "subject": subject,
            "found": found,
            "stances": stances(visit.config.publishers),
            "openings": {each.id: opening(each) for each in found.reports} if found else {},
            "follow": None if asked.faults else asked.asked(since=None, until=None, before=None),
        },
        canonical=visit.address(asked.address("/positions")),
        is_indexed=found is not None,
        status=400 if asked.faults else 200,
    )
    return with_reports(page, found.reports if found else ())


def compared(visit: Visit, asked: Choice, most: int = MOST) -> Compared:
    """The newest reports on what was asked for, from the one below the parameter `before` on: some `most`,
    in whole days. Raises Problem.
    """
    zone = visit.reader.timezone()
    wanted = replace(asked.selection, channel="web", before=below(visit), limit=most + 1)
    listed = list(visit.store.reports(wanted, asked.query))
    shown = whole_days([each.sort_time for each in listed], most, zone)
    kept = listed[:shown]
    out = let_out(visit, [each.id for each in kept])
    is_more = len(listed) > shown
    is_cut = is_more and day_of(listed[shown].sort_time, zone) == day_of(kept[-1].sort_time, zone)
    days = arranged(out, zone)
    on_days = [day_of(each.sort_time, zone) for each in kept]
    first, last = _covered(visit, asked, on_days, is_more=is_more)
    said = {each.publisher for each in kept}
    if on_days and (is_cut or visit.one("before")):
        said |= _on(visit, asked, on_days[0])
    columns = _columns(visit, asked, out, said)
    return Compared(days, columns, kept[-1].id if is_more else None, *_noons(first, last, zone), is_cut, out)


def _on(visit: Visit, asked: Choice, day: date) -> set[str]:
    """The publishers with a report on a day of which another page may have a part: they were not silent on it."""
    zone, chosen = visit.reader.timezone(), asked.selection
    begin, end = (datetime.combine(each, time(), zone) for each in (day, day + _DAY))
    since, until = max(begin, chosen.since or begin), min(end, chosen.until or end)
    of_day = replace(chosen, channel="web", since=since, until=until, before=None, limit=_MOST_OF_DAY)
    return {each.publisher for each in visit.store.traits(of_day, asked.query)}


def _noons(first: date, last: date | None, zone: tzinfo) -> tuple[datetime, datetime | None]:
    """Moments of these days, for writing them."""
    return datetime.combine(first, _NOON, zone), datetime.combine(last, _NOON, zone) if last else None


def _covered(visit: Visit, asked: Choice, days: Sequence[date], *, is_more: bool) -> tuple[date, date | None]:
    """The latest and the earliest day that a page covers; the second is None where no day is the first."""
    zone = visit.reader.timezone()
    if visit.one("before") and days:
        first = days[0]
    else:
        first = ((asked.selection.until or visit.now) - timedelta(microseconds=1)).astimezone(zone).date()
    if is_more:
        return first, days[-1]
    since = asked.selection.since
    return first, since.astimezone(zone).date() if since else None


def _columns(visit: Visit, asked: Choice, out: Sequence[Release], said: Set[str]) -> tuple[Column, ...]:
    """Columns in their order; that of the wire's own reports only where there are some. `said`: who has a report."""
    silent: dict[ColumnName, list[Publisher]] = {name: [] for name in COLUMN_NAMES}
    for each in _possible(visit, asked.selection):
        if each.key not in said:
            silent[column_of(each.kind)].append(each)
    has_own = any(column_of(each.publisher_kind) == "own" for each in out)
    return tuple(
        Column(name, COLUMNS[name], tuple(silent[name][:_MOST_SILENT]), max(0, len(silent[name]) - _MOST_SILENT))
        for name in COLUMN_NAMES
        if name != "own" or has_own
    )


def _possible(visit: Visit, selection: Selection) -> list[Publisher]:
    """Publishers of which there could be a report in a selection on a page, by name: of its countries and languages,
    polled, and with rights that let something out.
    """
    by, signals = visit.by, by_publisher(visit.store)
    return sorted(
        (
            each
            for each in visit.config.publishers
            if (not selection.countries or each.country in selection.countries)
            and (not selection.languages or _speaks(each, selection.languages))
            and any(source.enabled for source in each.sources)
            and widest(each.rights, by, of_publisher(signals, each.key, each.homepage)) != "none"
        ),
        key=lambda each: (each.name.casefold(), each.key),
    )


def _speaks(publisher: Publisher, languages: Sequence[str]) -> bool:
    own = [tag.lower() for tag in publisher.languages]
    return any(tag == each.lower() or tag.startswith(f"{each.lower()}-") for tag in own for each in languages)


def opening(report: Release) -> str:
    """The first lines, as far as rights let them out; '': they let out the headline alone."""
    return excerpt(report.summary, report.text, _WORDS)


def _named(visit: Visit, asked: Choice) -> list[str]:
    """The subject, in words."""
    language, chosen = visit.reader.language, asked.selection
    return [
        *([asked.words] if asked.words else []),
        *(country_in(each, language) for each in chosen.about),
        *(topic_heading(each, language) for each in chosen.topics),
        *(
            visit.gettext("publishers of %(country)s") % {"country": country_in(each, language)}
            for each in chosen.countries
        ),
        *(language_in(each, language) for each in chosen.languages),
    ]


def _without_subject(visit: Visit, asked: Choice) -> Page:
    """What the page is for, and subjects of which there are many reports today."""
    lately = Selection(channel="web", since=visit.now - _DAY, limit=_LOOKED_AT)
    reports = visit.store.traits(lately) or visit.store.traits(replace(lately, since=None))
    topics = Counter(topic for each in reports for topic in each.topics[:1]).most_common(_OFFERED)
    about = Counter(country for each in reports for country in each.about).most_common(_OFFERED)
    language = visit.reader.language
    return Page(
        template="positions.html",
        title=visit.gettext("Side by side"),
        description=visit.gettext("What each kind of publisher of this wire said on one subject, day by day."),
        values={
            "asked": asked,
            "subject": "",
            "found": None,
            "topics": [topic_link(code, language, n, "/positions?topic=") for code, n in topics],
            "about": [Link(f"/positions?about={code}", country_in(code, language), n) for code, n in about],
        },
        canonical=visit.address("/positions"),
        status=400 if asked.faults else 200,
    )


ROUTES = (PageRoute("/positions", positions, (*ASKED, "before")),)
