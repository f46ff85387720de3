"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/); what it has no name for is in `_wire`."""

from __future__ import annotations

from typing import Any

from aggregator.model.release import Feed, Release
from aggregator.output import beside
from aggregator.output.record import pictures
from aggregator.text.printable import as_json


def render(feed: Feed) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.site,
        "feed_url": feed.address,
        "description": f"{feed.general} Comment or complain: {feed.complaints_url}",
        "next_url": feed.older,
        "authors": [{"name": feed.wire, "url": feed.site}],
        "hubs": [{"type": "WebSub", "url": feed.hub}] if feed.hub else None,
        "_wire": {
            "complaints_url": feed.complaints_url,
            "gone": [{"id": beside.tag(feed, each.id), "at": each.at, "status": each.status, "notice": each.text}
                     for each in feed.gone],
        },
        "items": [_item(feed, release) for release in feed.releases],
    }  # fmt: skip
    return (as_json(_without_nothing(document), indent=1) + "\n").encode()


def _item(feed: Feed, release: Release) -> dict[str, Any]:
    lead = release.pictures[0].url if release.pictures else None
    return _without_nothing(
        {
            "id": beside.tag(feed, release.id),
            "url": release.url or release.homepage,
            "external_url": release.url,
            "title": beside.headline(release),
            "content_html": beside.as_html(release),
            "summary": release.summary or None,
            "image": lead,
            "date_published": beside.published_at(release),
            "date_modified": beside.changed_at(release),
            "authors": [
                {"name": name, "url": release.homepage}
                for name in beside.authors(release) or [release.byline or beside.publisher(release)]
            ],
            "tags": [*dict.fromkeys((*release.categories, *(label for _, label in beside.topics(release))))] or None,
            "language": release.language,
            "_wire": _of_wire(release),
        }
    )


def _of_wire(release: Release) -> dict[str, Any]:
    """What the format has no key for."""
    return {
        "publisher": {
            "key": release.publisher,
            "name": release.publisher_name,
            "place": release.publisher_place or None,
            "kind": release.publisher_kind,
            "country": release.country,
            "url": release.homepage,
        },
        "class": release.item_class,
        "language_from": release.language_from,
        "topics": list(release.topics) or None,
        "about": list(release.about) or None,
        "scope": release.scope,
        "revision": release.revision,
        "status": "usable",
        "corrected": release.corrected,
        "credit": release.credit,
        "rights": beside.rights(release),
        "licence": release.licence,
        "licence_url": release.licence_url,
        "disclaimer": " ".join(release.disclaimers),
        "origin": release.origin,
        "agencies": list(release.agencies) or None,
        "dateline": release.dateline,
        "located": release.located,
        "corrections_contact": release.corrections_contact,
        "permissions_contact": release.permissions_contact,
        "complaints_url": release.complaints_url,
        "ai": {
            "train": release.uses.train,
            "input": release.uses.input,
            "search": release.uses.search,
            "basis": release.uses_basis,
        },
        "pictures": pictures(release) or None,
    }


def _without_nothing(said: dict[str, Any]) -> dict[str, Any]:
    """Without the keys whose value is None, within objects too."""
    return {
        key: _without_nothing(value) if isinstance(value, dict) else value
        for key, value in said.items()
        if value is not None
    }
