"""How a version of a report is cited, in one form: whoever has the database can find it again, and see that it is it.

    Publisher (Place), "Headline", 2026-11-28, version 2 of 2, wire id ID@2, https://..., SHA-256 DIGITS

The day is the one that the publisher states, in UTC; `received` stands before the day on which the wire first saw a
report without a date. SHA-256 is of the words of the version as they came: of the UTF-8 of what the SQL function
`raw_words` gives for its row of `revisions`, before anything of it was let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aggregator.model.plain import as_dict
from aggregator.output.text import heading
from aggregator.text.printable import address, line


class Citation(Struct, frozen=True, kw_only=True):
    """The parts of one, by the names that JSON has for them."""

    publisher_name: str
    publisher_place: str
    title: str | None
    date: str  # YYYY-MM-DD
    date_is: str  # published, received
    version: int
    versions: int
    id: str
    url: str | None
    sha256: str


def citation(said: Mapping[str, Any], version: Mapping[str, Any], versions: int) -> Citation:
    """`said`: publisher, title, dates, address and id of that version, by the names of the view `wire`; `version`: its
    row of `Store.versions`, which has so many rows.
    """
    published = said["published"]
    return Citation(
        publisher_name=said["publisher_name"],
        publisher_place=said["publisher_place"],
        title=said["title"],
        date=(published or said["first_seen"])[:10],
        date_is="published" if published else "received",
        version=version["number"],
        versions=versions,
        id=said["id"],
        url=address(said["url"]),
        sha256=version["sha256"],
    )


def as_text(one: Citation) -> str:
    """One line."""
    received = "received " if one.date_is == "received" else ""
    parts = [
        heading(one.publisher_name, one.publisher_place),
        f'"{one.title}"' if one.title else "(no headline)",
        f"{received}{one.date}",
        f"version {one.version} of {one.versions}",
        f"wire id {one.id}@{one.version}",
        one.url or "no address",
        f"SHA-256 {one.sha256}",
    ]
    return line(", ".join(" ".join(part.split()) for part in parts))


def as_object(one: Citation) -> dict[str, Any]:
    """For JSON: the parts, and `citation`, the line."""
    return {**as_dict(one), "citation": as_text(one)}
