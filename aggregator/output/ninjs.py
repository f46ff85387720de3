"""ninjs 3.1 (https://www.iptc.org/std/ninjs/): the report as an object, its publisher and the wire as its sources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from aggregator.model.release import Feed, Gone, Picture, Release
from aggregator.output import beside
from aggregator.text.printable import as_json

_SCHEMA = "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json"


def render(feed: Feed) -> Iterator[str]:
    """A JSON array, an object a line: reports, and then those that left."""
    separator = "[\n"
    for said in chain((item(feed, release) for release in feed.releases), (gone(feed, each) for each in feed.gone)):
        yield separator + as_json(said)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def item(feed: Feed, release: Release) -> dict[str, Any]:
    """One report; `feed` says whose wire it is."""
    said: dict[str, Any] = {
        "uri": beside.tag(feed, release.id),
        "standard": {"name": "ninjs", "version": "3.1", "schema": _SCHEMA},
        "type": "text",
        "representationType": "full" if release.scope == "full_text" else "partial",
        "version": str(release.revision),
        "firstCreated": release.first_seen,
        "versionCreated": release.changed_at or release.first_seen,
        "contentCreated": release.published,
        "pubStatus": "usable",
        "language": release.language,
        "headlines": [_text("main", release.headline)] if release.headline else None,
        "by": release.byline,
        "located": release.located,
        "descriptions": [_text("summary", release.summary)] if release.summary else None,
        "bodies": _bodies(release),
        "copyrightHolder": release.copyright_holder or release.publisher_name,
        "copyrightNotice": release.copyright_notice,
        "usageTerms": beside.terms(release),
        "rightsInfo": {"linkedRights": linked} if (linked := beside.linked_rights(release)) else None,
        "infoSources": [_publisher(release), _wire(feed, release), *_origin(release)],
        "altIds": _alt_ids(release),
        "subjects": _subjects(release) or None,
        "genres": [{"name": release.item_class.replace("_", " ")}],
        "places": [{"name": release.publisher_place or release.country, "rel": "publisher",
                    "literal": release.country},
                   *({"name": each, "rel": "about", "literal": each} for each in release.about)],
        "associations": [_picture(each) for each in release.pictures] or None,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _subjects(release: Release) -> list[dict[str, Any]]:
    """The publisher's categories, and the topics that the wire found."""
    found = [{"name": label, "rel": "about", "uri": beside.TOPICS + code} for code, label in beside.topics(release)]
    return [*({"name": each, "rel": "category"} for each in release.categories), *found]


def gone(feed: Feed, report: Gone) -> dict[str, Any]:
    """A report that left: whoever has it takes it down."""
    return {
        "uri": beside.tag(feed, report.id),
        "type": "text",
        "representationType": "partial",
        "versionCreated": report.at,
        "pubStatus": report.status,
        "edNote": report.text,
        "infoSources": [{"name": report.publisher_name, "role": "publisher"}],
    }


def _text(role: str, value: str, kind: str = "text/plain") -> dict[str, Any]:
    return {"role": role, "contentType": kind, "value": value}


def _bodies(release: Release) -> list[dict[str, Any]] | None:
    if release.scope != "full_text" or not release.text:
        return None
    count = {"charCount": len(release.text), "wordCount": len(release.text.split())}
    bodies = [{**_text("main", release.text), **count}]
    if release.html:
        bodies.append({**_text("main", release.html, "text/html"), **count})
    return bodies


def _publisher(release: Release) -> dict[str, Any]:
    contacts = [_contact("corrections", release.corrections_contact)]
    if release.permissions_contact:
        contacts.append(_contact("permissions", release.permissions_contact))
    return {
        "name": beside.publisher(release),
        "role": "publisher",
        "uri": release.homepage,
        "literal": release.credit,
        "contactInfo": contacts,
    }


def _wire(feed: Feed, release: Release) -> dict[str, Any]:
    complaints = _contact("complaints", release.complaints_url)
    return {"name": feed.wire, "role": "aggregator", "uri": feed.site, "contactInfo": [complaints]}


def _origin(release: Release) -> list[dict[str, Any]]:
    return [{"name": name, "role": "originator"} for name in beside.sources(release)]


def _contact(role: str, value: str) -> dict[str, Any]:
    return {"type": "web" if value.startswith("http") else "email", "role": role, "value": value}


def _alt_ids(release: Release) -> list[dict[str, str]]:
    said = (("publisher-guid", release.guid), ("publisher-url", release.url), ("body-sha256", release.words_hash))
    return [{"role": role, "value": value} for role, value in said if value]


def _picture(picture: Picture) -> dict[str, Any]:
    main = {
        "name": "main",
        "href": picture.url,
        "contentType": picture.type,
        "width": picture.width,
        "height": picture.height,
    }
    others = [
        {"name": f"{each.width} wide", "href": each.url, "contentType": picture.type, "width": each.width,
         "height": each.height}
        for each in picture.sizes if each.url != picture.url
    ]  # fmt: skip
    said: dict[str, Any] = {
        "uri": picture.url,
        "name": "main picture",
        "rel": "picture",
        "type": "picture",
        "by": picture.credit,
        "copyrightNotice": picture.copyright,
        "usageTerms": picture.disclaimer,
        "language": picture.language,
        "descriptions": [
            _text(role, value) for role, value in (("caption", picture.caption), ("alt", picture.alt)) if value
        ]
        or None,
        "renditions": [
            {name: value for name, value in rendition.items() if value is not None} for rendition in (main, *others)
        ],
    }
    return {name: value for name, value in said.items() if value is not None}
