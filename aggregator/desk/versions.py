"""What a version of a report said, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aggregator.identity import address_of
from aggregator.model import Entry
from aggregator.store import Store
from aggregator.text.dates import read_date, to_iso
from aggregator.text.html import byline, plain
from aggregator.text.page_words import as_shown
from aggregator.text.raw_words import entry_of


def of_held(store: Store, held: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What `Store.held_report` returned, as its version `number` said it, whole. That version must be there."""
    row = next(row for row in store.revisions(held["id"]) if row["number"] == number)
    return {**held, **said_by(row["words"], row["title"]), "version": number}


def said_by(words: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Plain title, summary, text, url, byline, and published and updated in ISO 8601, of the words of a version."""
    entry: Entry = as_shown(entry_of(words))
    summary, body = plain(entry.summary), "\n".join(filter(None, map(plain, entry.content)))
    return {
        "title": title,
        "summary": summary,
        "text": body or summary,
        "url": address_of(entry),
        "byline": byline(person.name for person in entry.authors if person.name) or None,
        "published": _iso(read_date(entry.published)),
        "updated": _iso(read_date(entry.updated)),
    }


def _iso(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment else None
