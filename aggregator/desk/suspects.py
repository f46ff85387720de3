"""What was taken for one report, or for two, and may be otherwise: each with the reason and the command that mends it.

Nothing is changed here; a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aggregator.identity import keys_of, why_another, why_one, why_two
from aggregator.store import Connection, Store
from aggregator.store.sqlite import suspects
from aggregator.text.dates import read_date, to_iso
from aggregator.text.raw_words import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One stored decision that may be wrong."""

    article: str  # public id of the report concerned
    publisher_name: str
    title: str | None  # None: it is out of the wire
    reason: str
    command: str  # what mends it


def listed(store: Store, since: datetime | None = None) -> list[Suspect]:
    """Merges of two reports, versions that are another report's, and reports that are held twice; since a time. Where
    several versions of one report are, the newest stands first, because it is to be split off first.
    """
    start = to_iso(since) if since else ""
    with store.reading() as connection:
        found = [*_merged(connection, start), *_overwritten(connection, start), *_doubled(connection, start)]
        names = {article: suspects.named(connection, article) for article, _, _ in found}
    return [
        Suspect(
            article=article,
            publisher_name=names[article][0],
            title=names[article][1],
            reason=reason,
            command=command,
        )
        for article, reason, command in found
    ]


_Found = tuple[str, str, str]  # public id, reason, command


def _merged(connection: Connection, since: str) -> Iterator[_Found]:
    for row in suspects.merged(connection, since):
        if reason := why_two(decode(row["before"]), decode(row["after"])):
            yield row["article"], reason, f"aggregator split {row['id']}"


def _overwritten(connection: Connection, since: str) -> Iterator[_Found]:
    for row in suspects.overwritten(connection, since):
        before, after = decode(row["before"]), decode(row["after"])
        if reason := why_another(before, after, (read_date(before.published), read_date(after.published))):
            yield row["article"], reason, f"aggregator split {row['article']} {row['number']}"


def _doubled(connection: Connection, since: str) -> Iterator[_Found]:
    for group in suspects.doubled(connection, since):
        yield from _doubles(connection, group)


def _doubles(connection: Connection, group: Sequence[dict[str, Any]]) -> Iterator[_Found]:
    """Of the reports at one address each that is held already. The one that stays is what later versions are taken for,
    or else the first. Those without guids that came at once are reports of one page.
    """
    said = {row["number"]: decode(row["said"]) for row in group}
    rows = list(group)
    while rows:
        entry = said[rows[0]["number"]]
        one = [row for row in rows if row is rows[0] or why_one(entry, said[row["number"]])]
        rows = [row for row in rows if row not in one]
        if not entry.id and len({row["first_seen"] for row in one}) < len(one):
            continue
        (keys,) = keys_of([entry])
        follows = [suspects.followed(connection, group[0]["publisher"], key) for key in keys]
        kept = next((row for number in follows for row in one if row["number"] == number), one[0])
        for row in one:
            if row is not kept:
                reason = f"held twice, also as {kept['article']}: {why_one(entry, said[row['number']])}"
                command = f"aggregator withhold {row['article']} --reason 'the same report as {kept['article']}'"
                yield row["article"], reason, command
