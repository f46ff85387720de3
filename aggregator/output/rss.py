"""RSS 2.0 (https://www.rssboard.org/rss-specification): an item a report, the credit first in its description."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from html import escape

from aggregator.model.release import Feed, Release
from aggregator.output import beside
from aggregator.output.atom import ATOM
from aggregator.output.xml import Element, add, add_if, document, root

_DC = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_MEDIA = "http://search.yahoo.com/mrss/"


def render(feed: Feed) -> bytes:
    top = root(
        "rss", {"atom": ATOM, "dc": _DC, "dcterms": _TERMS, "content": _CONTENT, "media": _MEDIA}, {"version": "2.0"}
    )
    channel = add(top, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.site)
    add(channel, "description", f"{feed.general} Comment or complain: {feed.complaints_url}")
    add(channel, "generator", "aggregator")
    add(channel, "docs", "https://www.rssboard.org/rss-specification")
    add(channel, "lastBuildDate", _date(feed.updated))
    links = (("self", feed.address), ("first", feed.first), ("next", feed.older), ("previous", feed.newer))
    for relation, address in (*links, ("hub", feed.hub)):
        if address:
            kind = None if relation == "hub" else "application/rss+xml"
            add(channel, f"{{{ATOM}}}link", None, {"rel": relation, "href": address, "type": kind})
    for release in feed.releases:
        _item(channel, feed, release)
    return document(top)


def _date(stated: str) -> str:
    return format_datetime(datetime.fromisoformat(stated))


def _item(channel: Element, feed: Feed, release: Release) -> None:
    item = add(channel, "item")
    add(item, "title", beside.headline(release))
    add(item, "link", release.url or release.homepage)
    add(item, "guid", beside.tag(feed, release.id), {"isPermaLink": "false"})
    add(item, "pubDate", _date(beside.published_at(release)))
    add(item, "source", beside.publisher(release), {"url": release.homepage})
    add(item, f"{{{_DC}}}publisher", beside.publisher(release))
    add_if(item, f"{{{_DC}}}creator", release.byline)
    add(item, f"{{{_DC}}}rights", beside.rights(release))
    add_if(item, f"{{{_TERMS}}}license", beside.linked_rights(release))
    add_if(item, f"{{{_DC}}}language", release.language)
    add(item, "category", release.item_class, {"domain": f"{feed.site.rstrip('/')}/classes"})
    for category in release.categories:
        add(item, "category", category)
    for code in release.topics:
        add(item, "category", code, {"domain": beside.TOPICS})
    for country in release.about:
        add(item, "category", country, {"domain": f"{feed.site.rstrip('/')}/about"})
    add(item, "description", _description(release))
    add(item, f"{{{_CONTENT}}}encoded", beside.as_html(release))
    for picture in release.pictures:
        size = {name: str(value) for name, value in (("width", picture.width), ("height", picture.height)) if value}
        media = add(
            item, f"{{{_MEDIA}}}content", None, {"url": picture.url, "medium": "image", "type": picture.type, **size}
        )
        add_if(media, f"{{{_MEDIA}}}credit", picture.credit)
        add_if(media, f"{{{_MEDIA}}}description", picture.caption, {"type": "plain"})
        add_if(media, f"{{{_MEDIA}}}copyright", picture.copyright)


def _description(release: Release) -> str:
    """HTML, as readers of RSS take it."""
    credit = "" if release.credit == beside.publisher(release) else f"<br>{escape(release.credit)}"
    said = (f"<strong>{escape(beside.publisher(release))}</strong>{credit}", escape(release.summary))
    return "<p>" + "</p><p>".join(filter(None, (*said, *map(escape, release.disclaimers)))) + "</p>"
