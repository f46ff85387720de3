"""The lines of `rights --taken`: who took which report from its page, to publish it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.cli.printing import say
from aggregator.cli.times import when
from aggregator.model.taken import TakenRow
from aggregator.text.dates import to_iso
from aggregator.text.printable import address, line


def rows_of(taken: Iterable[TakenRow]) -> list[dict[str, Any]]:
    """As docs/rights.md has them, the newest first."""
    return [
        {
            "at": to_iso(each.at),
            "publisher": each.publisher,
            "publisher_name": each.publisher_name,
            "id": each.report,
            "revision": each.revision,
            "title": each.title or None,
            "url": address(each.url),
            "status": each.status,
            "format": each.format,
            "medium": each.medium,
            "contact": each.contact,
            "published_in": each.published_in,
            "told_at": to_iso(each.told_at) if each.told_at else None,
        }
        for each in taken
    ]


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        say("Nobody took a report of these publishers, as far as it is known still.")
        return
    for row in rows:
        out = "" if row["status"] == "usable" else f"; out of the wire now ({row['status']})"
        where = f", for {row['published_in']}" if row["published_in"] else ""
        told = f"; its publisher was told {when(row['told_at'])}" if row["told_at"] else ""
        say(line(f"{when(row['at'])}  {row['id']}@{row['revision']}  {row['publisher_name']}"), bold=True)
        if row["title"]:
            say(f"  {line(row['title'])}")
        say(f"  {line(row['medium'])} ({line(row['contact'])}){line(where)}, as {row['format']}{told}{out}")
