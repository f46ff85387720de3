"""What an invented publisher serves: its feeds, its reports' pages, its home page and robots.txt, at any round.

Here the site's parts meet: what the publishers say (`world`), how formats are written (`render`) and how pages are
(`pages`); and `generate_feed`, which makes as many publishers as a benchmark wants, with `generate_archive` behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from aggregator.demo.sites import pages, world
from aggregator.demo.sites.generate import generated_entries
from aggregator.demo.sites.render import FORMATS, Channel
from aggregator.demo.sites.world import Event, Feed, Report, Site, changed, read_sites
from aggregator.model import Entry, Link
from aggregator.model.errors import PressError

__all__ = [
    "FORMATS", "Event", "Feed", "Page", "Report", "Site", "by_host", "changed", "generate_archive", "generate_feed",
    "missing_page", "read_sites", "site_page",
]  # fmt: skip


WORDPRESS = "https://wordpress.org/?v=6.4"  # as it names itself


class Page(NamedTuple):
    """What stands at one path of a site."""

    body: bytes
    content_type: str
    status: int = 200
    location: str | None = None  # of a redirect


def by_host(world: Iterable[Site]) -> dict[str, Site]:
    """The sites by the host that they answer for, in lower case.

    Raises PressError if two share one, or a feed has a format that nobody writes.
    """
    found: dict[str, Site] = {}
    for site in world:
        if site.host in found:
            raise PressError(f"two sites share the host {site.host}: {found[site.host].key} and {site.key}")
        for feed in site.feeds:
            if feed.format not in FORMATS:
                raise PressError(
                    f"{site.key}: [[feed]] format: found {feed.format!r}, expected one of {', '.join(FORMATS)}"
                )
        found[site.host.lower()] = site
    return found


def site_page(site: Site, path: str, at: int, opened: datetime) -> Page | None:
    """What the site has at this path at round `at`; None: nothing."""
    for feed in site.feeds:
        if feed.path == path:
            return _feed_page(site, feed, at, opened)
    if path == "/robots.txt":
        return Page(site.robots.encode(), "text/plain; charset=utf-8")
    reports = world.standing(site, at)
    if path == "/":
        listed = tuple((each.title, f"http://{site.host}{each.path}") for each in reports if each.listed)
        return _html(pages.home_page(site.title, site.language, _feed_links(site), listed))
    for report in reports:
        if report.path == path and report.gone:
            return _html(pages.gone_page(site.title, site.language), 410)
        if report.path == path:
            return _html(pages.article_page(_around(site, report, reports), world.entry(site, report, opened)))
        if path in report.old_paths:
            return _html(b"", 301)._replace(location=f"http://{site.host}{report.path}")
        if report.picture and path == world.picture_path(site, report.picture):
            return Page(report.picture.body, report.picture.type)
    return None


def missing_page() -> Page:
    """What every host answers where nothing stands."""
    return _html(pages.missing_page(), 404)


def generate_feed(seed: int, items: int, *, now: datetime, version: int = 0, format: str = "rss20-full") -> bytes:
    """A feed of `items` invented reports of 300 to 6,000 characters, the same bytes for the same arguments.

    Every version puts one report on top and lets the oldest go; what both versions list is alike, guids and dates
    included. `now`: the newest report of version 0 is a day older. `format`: a row of FORMATS.
    """
    return FORMATS[format].render(_generated(seed, generated_entries(seed, items, now, version), now))


def generate_archive(
    seed: int, items: int, *, now: datetime, version: int = 0, rel: str | None = None
) -> tuple[bytes, ...]:
    """What `generate_feed` lists in this version, then everything before it, newest first, `items` reports a page.

    The pages are made to be served by `Press.set_pages`. Without `rel`, WordPress writes them: RSS 2.0 that links none
    of them. With `rel` (`next` or `prev-archive`, RFC 5005) they are Atom 1.0, and each but the last links the one
    after it so. The last page ends with the first report ever, and may be shorter.
    """
    starts = range(version, -items, -items)
    listed = [generated_entries(seed, items, now, start)[: items + min(start, 0)] for start in starts]
    made = []
    for number, entries in enumerate(listed, 2):
        channel = _generated(seed, entries, now)
        if rel is None:
            made.append(FORMATS["rss20-full"].render(replace(channel, generator=WORDPRESS)))
        else:
            links = ((rel, f"?paged={number}"),) if number <= len(listed) else ()
            made.append(FORMATS["atom10"].render(replace(channel, links=links)))
    return tuple(made)


def _generated(seed: int, entries: tuple[Entry, ...], now: datetime) -> Channel:
    newest = entries[0].published if entries and entries[0].published else now.isoformat()
    host = f"site-{seed}.example"
    return Channel(
        title=f"Invented Site {seed}",
        description="Generated for measuring",
        language=entries[0].language or "en" if entries else "en",
        home=f"http://{host}/",
        url=f"http://{host}/feed.xml",
        updated=datetime.fromisoformat(newest),
        entries=entries,
    )


def _feed_page(site: Site, feed: Feed, at: int, opened: datetime) -> Page:
    reports = [each for each in world.standing(site, at) if feed.section is None or feed.section in each.sections]
    listed = tuple(_in_feed(site, report, opened) for report in reports if report.listed)
    said = [entry.updated or entry.published or "" for entry in listed]
    channel = Channel(
        title=feed.title or site.title,
        description=site.description,
        language=site.language,
        home=site.home,
        url=f"http://{site.host}{feed.path}",
        updated=datetime.fromisoformat(max(said)) if said else opened.replace(microsecond=0),
        entries=listed,
        deleted=tuple((each.guid, world.before(opened, each.updated or 0)) for each in reports if each.tombstone),
        encoding=feed.encoding,
    )
    written = FORMATS[feed.format]
    charset = "" if "json" in written.media_type else f"; charset={feed.encoding}"
    return Page(written.render(channel), f"{written.media_type}{charset}")


def _in_feed(site: Site, report: Report, opened: datetime) -> Entry:
    entry = world.entry(site, report, opened)
    return entry if report.picture and report.picture.in_feed else replace(entry, media=())


def _around(site: Site, report: Report, reports: Sequence[Report]) -> pages.Around:
    newest = tuple((each.title, f"http://{site.host}{each.path}") for each in reports if each.listed)[:5]
    return pages.Around(
        publisher=site.title,
        description=site.description,
        style=site.style,
        feeds=_feed_links(site),
        newest=newest,
        correction=report.correction,
        paid=report.paid,
    )


def _feed_links(site: Site) -> tuple[Link, ...]:
    return tuple(Link(f"http://{site.host}{feed.path}", type=FORMATS[feed.format].media_type) for feed in site.feeds)


def _html(body: bytes, status: int = 200) -> Page:
    return Page(body, "text/html; charset=utf-8", status=status)
