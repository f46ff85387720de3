"""A version of a report as it may leave: its own words, under the rights that are in force for the report today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.identity import address_of
from aggregator.model import Entry, Report
from aggregator.store import Store
from aggregator.text.dates import read_date, to_iso
from aggregator.text.html import byline, excerpt, plain
from aggregator.text.raw_words import entry_of


def of_report(store: Store, report: Report, number: int) -> Report:
    """`report` as its version `number` said it, within the text that may be carried. That version must be there."""
    row = _row(store, report.id, number)
    said = words_of(row)
    scope = report.text_scope
    if scope == "full_text":
        words = {"summary": said["summary"], "text": said["text"]}
    elif scope == "excerpt":
        held = store.held_report(report.id) or {}
        short = excerpt(said["summary"], said["text"], held.get("excerpt_max_words") or 0)
        words = {"summary": short, "text": short}
    else:
        words = {"summary": None, "text": None}
    beside = {name: said[name] for name in ("title", "url", "published", "updated")}
    return replace(report, **words, **beside, byline=None if scope == "headline_only" else said["byline"])


def of_held(store: Store, held: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The same of what `Store.held_report` returned, whole: for the desk."""
    return {**held, **words_of(_row(store, held["id"], number)), "version": number}


def _row(store: Store, report: str, number: int) -> dict[str, Any]:
    return next(row for row in store.revisions(report) if row["number"] == number)


def words_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of `Store.revisions` says, plain, whatever the rights: for the desk and the gate."""
    entry: Entry = entry_of(row["words"])
    summary, body = plain(entry.summary), "\n".join(filter(None, map(plain, entry.content)))
    return {
        "title": row["title"],
        "summary": summary,
        "text": body or summary,
        "url": address_of(entry),
        "byline": byline(person.name for person in entry.authors if person.name) or None,
        "published": _iso(read_date(entry.published)),
        "updated": _iso(read_date(entry.updated)),
    }


def _iso(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment else None
