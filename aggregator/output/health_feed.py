"""The wire's own health as a feed: an entry each time that a source fails, falls silent, is held or recovers.

It is the operator's: it has no word of a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from aggregator.output.atom import ATOM
from aggregator.output.xml import add, document, root
from aggregator.text.printable import as_json, line

_SAID: Mapping[str, str] = {
    "failing": "fails",
    "silent": "has fallen silent",
    "held": "is held: a person must look",
    "paused": "is paused",
    "gaps": "may have lost reports",
    "faulty": "has a file with faults",
    "recovered": "has recovered",
}


def atom(wire: str, site: str, address: str, events: Sequence[Mapping[str, Any]], updated: str) -> bytes:
    """Atom 1.0 (RFC 4287). `events`: the newest first, as docs/notify.md describes them, each with `number`."""
    top = root(_of("feed"), {None: ATOM})
    add(top, _of("id"), address)
    add(top, _of("title"), _title(wire))
    add(top, _of("updated"), events[0]["at"] if events else updated)
    add(add(top, _of("author")), _of("name"), wire)
    add(top, _of("link"), None, {"rel": "self", "href": address, "type": "application/atom+xml"})
    for event in events:
        entry = add(top, _of("entry"))
        add(entry, _of("id"), _tag(site, event))
        add(entry, _of("title"), _headline(event))
        add(entry, _of("updated"), event["at"])
        add(entry, _of("category"), None, {"term": event["state"]})
        add(entry, _of("link"), None, {"rel": "alternate", "href": address})
        add(entry, _of("content"), _text(event), {"type": "text"})
    return document(top)


def json_feed(wire: str, site: str, address: str, events: Sequence[Mapping[str, Any]], _: str) -> bytes:
    """JSON Feed 1.1."""
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(wire),
        "feed_url": address,
        "items": [
            {
                "id": _tag(site, event),
                "title": _headline(event),
                "content_text": _text(event),
                "date_published": event["at"],
                "tags": [event["state"]],
            }
            for event in events
        ],
    }
    return (as_json(said, indent=1) + "\n").encode()


def _of(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _title(wire: str) -> str:
    return f"{wire}: health of its sources"


def _tag(site: str, event: Mapping[str, Any]) -> str:
    """RFC 4151."""
    return f"tag:{urlsplit(site).hostname or 'localhost'},2026:health/{event['number']}"


def _headline(event: Mapping[str, Any]) -> str:
    return line(f"{event['source_name']} {_SAID.get(event['state'], event['state'])}")


def _text(event: Mapping[str, Any]) -> str:
    parts = (event.get("publisher_name"), event.get("problem"), event.get("advice"))
    following = f"next fetch {event['next_at']}" if event.get("next_at") else None
    return "\n".join(line(str(each)) for each in (*parts, following) if each)
