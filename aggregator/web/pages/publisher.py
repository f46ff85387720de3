"""A publisher's page: who it is, what may be done with its reports, how many come, and how completely."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Struct

from aggregator.desk.signals import by_publisher, of_publisher
from aggregator.model import Selection
from aggregator.model.profile import ClassTerms, PublisherProfile
from aggregator.pipeline.watching import coverage_of
from aggregator.rights import widest
from aggregator.text.printable import address
from aggregator.web.pages import locales, wording
from aggregator.web.pages.chart import Chart, chart, days_until
from aggregator.web.pages.contacts import contact_link
from aggregator.web.pages.locales import day_in
from aggregator.web.pages.moving import moved
from aggregator.web.pages.page import Page, PageRoute, Visit
from aggregator.web.pages.rights_words import rights_words
from aggregator.web.pages.rows import rows
from aggregator.web.pages.stances import stances
from aggregator.web.problems import Problem

_MOST = 20  # reports
_SPANS = (30, 90)  # days of the chart
_RECEIVED = timedelta(days=30)  # over which it is said how completely it is received


class Contact(Struct, frozen=True):
    """An e-mail address or a page. `link`: None: it can only be read."""

    text: str
    link: str | None


class Received(Struct, frozen=True):
    """How completely a publisher is received. Numbers are in words of the reader's language; None: not known. How many
    reports came is not said: an embargo hides some.
    """

    gaps: int  # documents that did not reach back to the one before, and no older page closed that
    missing: tuple[str, str] | None  # at least and at most so many reports
    since: str | None
    until: str | None  # between these times nothing is known to be missing
    silent_since: str | None
    is_all_received: bool  # every source was read well at its last poll


def publisher(visit: Visit) -> Page:
    """A former key leads to the one of now. Raises Problem."""
    key = visit.named["key"]
    profile = visit.store.publisher_profile(key)
    if profile is None:
        return _moved(visit, key)
    today = visit.now.date()
    signals = of_publisher(by_publisher(visit.store), key, profile.homepage)
    scope = widest(profile.rights, visit.by, signals)
    found = rows(visit, Selection(publishers=(key,)), _MOST)
    of_classes = visit.store.class_terms(key)
    notice = next((each.copyright_notice for each in of_classes if each.copyright_notice), None)
    leaves, is_own = scope != "none", key == visit.wire.publisher or profile.group == "own"
    return Page(
        template="publisher.html",
        title=profile.name,
        description=visit.gettext("Who this publisher is, what may be done with its reports, and the latest of them."),
        values={
            "profile": profile,
            "kind": visit.gettext(wording.KIND_OF_ONE[profile.kind]),
            "stances": stances(visit.config.publishers),
            "is_own": is_own,
            "leaves": leaves,
            "homepage": address(profile.homepage),
            "corrections": _contact(profile.corrections or profile.homepage),
            "permissions": _contact(profile.permissions) if profile.permissions else None,
            "disclaimers": _disclaimers(of_classes),
            "terms": rights_words(profile.rights, today, signals, notice, visit.gettext, visit.reader.language),
            "chart": _chart(visit, key) if leaves else None,
            "span": _span(visit),
            "spans": _SPANS,
            "received": _received(visit, key) if leaves and profile.is_configured and not is_own else None,
            "rows": found,
        },
        canonical=visit.address(f"/publisher/{key}"),
        is_indexed=leaves and visit.one("before") is None,
        feed=f"/feeds/publisher/{key}" if _has_feed(profile) else None,
        until=found.until,
        reports=found.counted,
    )


def _has_feed(profile: PublisherProfile) -> bool:
    """Whether anything of it leaves as a feed."""
    return "feed" in profile.rights.redistribute and profile.rights.text_scope != "none"


def _moved(visit: Visit, key: str) -> Page:
    """Leads to the publisher that had this key before. Raises Problem."""
    now = {former: each.key for each in visit.config.publishers for former in each.former_keys or ()}.get(key)
    if now is None:
        known = visit.store.known_publishers()
        now = next((each for each, of in known.items() if any(was.key == key for was in of.former)), None)
    if now is None or now == key:
        raise Problem(404, "there is no such publisher", "/publishers lists those of this wire")
    return moved(visit, f"/publisher/{now}")


def _contact(value: str) -> Contact:
    return Contact(value, contact_link(value))


def _disclaimers(of_classes: list[ClassTerms]) -> tuple[str, ...]:
    """Each text once; what is filled in for each report is said to be so."""
    texts = (each.disclaimer.replace("{original_url}", "(the address of the report)") for each in of_classes)
    return tuple(dict.fromkeys(texts))


def _span(visit: Visit) -> int:
    asked = visit.one("days")
    return next((each for each in _SPANS if str(each) == asked), _SPANS[0])


def _chart(visit: Visit, key: str) -> Chart:
    """Reports by the day of UTC under which they are listed, until today."""
    language = visit.reader.language
    days = days_until(visit.now.date(), _span(visit))
    counted = visit.store.reports_per_day(key, days[0])
    numbers = [counted.get(day.isoformat(), 0) for day in days]
    most = max(numbers)
    said = [locales.number_in(number, language) for number in numbers]
    title = visit.gettext("Reports a day, from %(first)s to %(last)s") % {
        "first": day_in(days[0], language),
        "last": day_in(days[-1], language),
    }
    return chart(
        "per-day",
        title,
        list(zip(days, numbers, strict=True)),
        said,
        locales.number_in(most, language),
        visit.reader,
    )


def _received(visit: Visit, key: str) -> Received | None:
    """What polls show, without the names of sources and what is wrong with them, which is the operator's. None: none of
    its sources was polled.
    """
    row = coverage_of(visit.store, key, visit.now - _RECEIVED, visit.now)
    if row is None or not row["polls"]:
        return None
    return Received(
        gaps=len(row["missing"]),
        missing=_missing(row["missing"], visit),
        since=row["complete_since"],
        until=row["complete_until"],
        silent_since=min((each["since"] for each in row["silent"] if each["until"] is None), default=None),
        is_all_received=not row["unknown"],
    )


def _missing(gaps: list[dict[str, Any]], visit: Visit) -> tuple[str, str] | None:
    if not gaps or any(each["least"] is None or each["most"] is None for each in gaps):
        return None
    sums = (sum(each["least"] for each in gaps), sum(each["most"] for each in gaps))
    least, most = (locales.number_in(number, visit.reader.language) for number in sums)
    return least, most


ROUTES = (PageRoute("/publisher/{key}", publisher, ("before", "days")),)
