"""Selections and words of a query as SQL: conditions with their values, and an expression of FTS5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from aggregator.model import Selection
from aggregator.model.errors import StoreError
from aggregator.store.connection import Connection
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import to_iso

LAST = 2**63 - 1  # the greatest number that SQLite holds
_LATER = "~"  # a text that is behind every time
Place = tuple[str, str, int]  # of a report in lists: sort_time, first_seen, and less its number; the greatest is first


class Chosen(Struct, frozen=True, kw_only=True):
    """A selection as SQL needs it: every value once; kinds and groups as publishers; places, times and numbers."""

    publishers: tuple[str, ...] | None  # None: all
    by_channel: (
        tuple[str, ...] | None
    )  # those of a channel, which most publishers name; None: all, or `publishers` says
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    classes: tuple[str, ...]
    topics: tuple[str, ...]
    about: tuple[str, ...]
    since: str  # '': from the first
    until: str | None
    lines: tuple[int, int] | None  # of the ledger: behind the one and up to the other
    before: Place | None
    most: int

    @property
    def no_later(self) -> str:
        """No report of it is listed under a later time than this."""
        return min(self.until or _LATER, self.before[0] if self.before else _LATER)


def chosen(connection: Connection, selection: Selection) -> Chosen:
    """Raises StoreError where `before` is no report, and for a saved search, by which only lines are chosen."""
    if selection.search is not None:
        raise StoreError(f"{selection.search}: expected no saved search; the ledger alone is read by one")
    is_by_line = selection.after is not None or selection.up_to is not None
    lines = (selection.after.seq if selection.after else 0, selection.up_to.seq if selection.up_to else LAST)
    fit, by_channel = publishers(connection, selection), None
    if selection.channel and not (selection.publishers or selection.kinds or selection.groups):
        fit, by_channel = _by_channel(connection, fit or ())
    return Chosen(
        publishers=fit,
        by_channel=by_channel,
        countries=_each_once(selection.countries),
        languages=_each_once(selection.languages),
        classes=_each_once(selection.item_classes),
        topics=_each_once(selection.topics),
        about=_each_once(selection.about),
        since=to_iso(selection.since) if selection.since else "",
        until=to_iso(selection.until) if selection.until else None,
        lines=lines if is_by_line else None,
        before=None if selection.before is None else _place(connection, selection.before),
        most=LAST if selection.limit is None else selection.limit,
    )


def publishers(connection: Connection, selection: Selection) -> tuple[str, ...] | None:
    """The keys of those that fit a selection's publishers, kinds, groups and channel; None: all."""
    named = _current(connection, selection.publishers)
    if not (selection.kinds or selection.groups or selection.channel):
        return named or None
    rows = connection.execute(
        f"""
        SELECT publisher FROM publishers AS p
        WHERE (?1 = '[]' OR publisher_kind IN (SELECT value FROM json_each(?1)))
          AND (?2 = '[]' OR publisher_group IN (SELECT value FROM json_each(?2)))
          AND (?3 IS NULL OR {_BY_CHANNEL if selection.channel else "TRUE"})
        """,  # noqa: S608  (made of constants)
        (json.dumps(selection.kinds), json.dumps(selection.groups), selection.channel),
    )
    return tuple(key for (key,) in rows.fetchall() if not named or key in named)


def _by_channel(connection: Connection, fit: tuple[str, ...]) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Those that fit a channel, as a choice of few publishers, of which lists are made, or as a condition that few rows
    do not meet; none of both where all publishers do.
    """
    (all_,) = connection.execute("SELECT count(*) FROM publishers").fetchone()
    if len(fit) == all_:
        return None, None
    return (None, fit) if 2 * len(fit) > all_ else (fit, None)


def _current(connection: Connection, keys: Sequence[str]) -> tuple[str, ...]:
    """The keys of today of these publishers: a file may name one by a key that it had before. One that nobody has or
    had stays as it is.
    """
    if not keys or not is_migrated(connection):  # an older version made it, and it is only read
        return _each_once(keys)
    rows = connection.execute(
        """
        SELECT k.value, h.publisher FROM json_each(?) AS k
        JOIN publisher_history AS h ON h.former_key = k.value
        WHERE k.value NOT IN (SELECT publisher FROM publishers)
        ORDER BY h.until_seq
        """,
        (json.dumps(keys),),
    )
    former = dict(rows.fetchall())
    return _each_once([former.get(key, key) for key in keys])


def _each_once(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _place(connection: Connection, public_id: str) -> Place:
    """Where a report stands, or stood when it was in the wire."""
    row = connection.execute(
        "SELECT sort_time, first_seen, -article_id FROM articles WHERE id = ?", (public_id,)
    ).fetchone()
    if row is None:
        raise StoreError(f"{public_id}: there is no report with this id; `aggregator latest` prints ids")
    return (row[0], row[1], row[2])


def where(of: Chosen, *always: str) -> tuple[str, list[Any]]:
    """The WHERE for rows `w` of the view `wire`, with other conditions before it, and its values."""
    found: list[str] = list(always)
    values: list[Any] = []
    for column, wanted in (
        ("w.publisher", of.publishers),
        ("w.publisher || ''", of.by_channel),  # most rows meet it, so no index of publishers is used for it
        ("w.country", of.countries or None),
        ("w.class", of.classes or None),
    ):
        if wanted is not None:
            one_of = "= ?" if len(wanted) == 1 else "IN (SELECT value FROM json_each(?))"
            found.append(f"{column} {one_of}")
            values.append(wanted[0] if len(wanted) == 1 else json.dumps(wanted))
    if of.languages:
        found.append(f"({' OR '.join([_IN_LANGUAGE] * len(of.languages))})")
        values += [each for each in of.languages for _ in range(2)]
    for table, code, tags in (("article_topics", "topic", of.topics), ("article_countries", "country", of.about)):
        if tags:
            found.append(_HAS_TAG.format(table=table, code=code))
            values.append(json.dumps(tags))
    if of.since:
        found.append("w.sort_time >= ?")
        values.append(of.since)
    if of.until is not None:
        found.append("w.sort_time < ?")
        values.append(of.until)
    if of.before is not None:
        sort_time, first_seen, number = of.before
        found.append(_BELOW)
        values += [sort_time, sort_time, first_seen, first_seen, -number]
    if of.lines is not None:
        found.append(_CAME)
        values += [*of.lines, *of.lines]
    return ("WHERE " + " AND ".join(found) if found else ""), values


# The channels of a publisher are the same for every class.
_BY_CHANNEL = """EXISTS (SELECT 1 FROM terms AS t
      WHERE t.publisher = p.publisher AND ' ' || t.channels || ' ' LIKE '% ' || ?3 || ' %')"""
_HAS_TAG = """EXISTS (SELECT 1 FROM json_each(?) AS t CROSS JOIN {table} AS x
      ON x.{code} = t.value AND x.sort_time = w.sort_time AND x.article_id = w.article_id)"""
_IN_LANGUAGE = "lower(w.language) = lower(?) OR lower(w.language) LIKE lower(?) || '-%'"
_BELOW = """(w.sort_time <= ? AND (w.sort_time < ? OR w.first_seen < ?
      OR (w.first_seen = ? AND w.article_id > ?)))"""
# By the line from which on readers could know of it, or by one that put it back into the wire.
_CAME = """((SELECT x.released_seq > ? AND x.released_seq <= ? FROM articles AS x WHERE x.article_id = w.article_id)
      OR EXISTS (SELECT 1 FROM changes AS c WHERE c.article_id = w.article_id AND c.seq > ? AND c.seq <= ?
        AND c.change_kind = 'restored'))"""
