"""What an invented publisher serves: its feeds, its reports' pages, its home page and robots.txt, at any round.

Here the site's parts meet: what the publishers say (`world`), how formats are written (`render`) and how pages are
(`pages`); and `generate_feed`, which makes as many publishers as a benchmark wants.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from aggregator.press.sites import pages, world
from aggregator.press.sites.generate import generated_entries
from aggregator.press.sites.render import FORMATS, Channel
from aggregator.press.sites.world import Event, Feed, Report, Site, changed, read_sites
from aggregator.types import Link

__all__ = [
    "FORMATS", "Event", "Feed", "Page", "Report", "Site", "changed", "generate_feed", "missing_page", "read_sites",
    "site_page",
]  # fmt: skip


class Page(NamedTuple):
    """What stands at one path of a site."""

    body: bytes
    content_type: str
    status: int = 200
    location: str | None = None  # of a redirect


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
            return _html(pages.article_page(site.title, _feed_links(site), world.entry(site, report, opened)))
        if path in report.old_paths:
            return _html(b"", 301)._replace(location=f"http://{site.host}{report.path}")
    return None


def missing_page() -> Page:
    """What every host answers where nothing stands."""
    return _html(pages.missing_page(), 404)


def generate_feed(seed: int, items: int, *, now: datetime, version: int = 0, format: str = "rss20-full") -> bytes:
    """A feed of `items` invented reports of 300 to 6,000 characters, the same bytes for the same arguments.

    Every version puts one report on top and lets the oldest go; what both versions list is alike, guids and dates
    included. `now`: the newest report of version 0 is a day older. `format`: a row of FORMATS.
    """
    host = f"site-{seed}.example"
    entries = generated_entries(seed, items, now, version)
    newest = entries[0].published if entries and entries[0].published else now.isoformat()
    channel = Channel(
        title=f"Invented Site {seed}",
        description="Generated for measuring",
        language=entries[0].language or "en" if entries else "en",
        home=f"http://{host}/",
        url=f"http://{host}/feed.xml",
        updated=datetime.fromisoformat(newest),
        entries=entries,
    )
    return FORMATS[format].render(channel)


def _feed_page(site: Site, feed: Feed, at: int, opened: datetime) -> Page:
    reports = [each for each in world.standing(site, at) if feed.section is None or feed.section in each.sections]
    listed = tuple(world.entry(site, report, opened) for report in reports if report.listed)
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


def _feed_links(site: Site) -> tuple[Link, ...]:
    return tuple(Link(f"http://{site.host}{feed.path}", type=FORMATS[feed.format].media_type) for feed in site.feeds)


def _html(body: bytes, status: int = 200) -> Page:
    return Page(body, "text/html; charset=utf-8", status=status)
