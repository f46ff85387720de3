"""What apps for reading feeds are shown, and what each token has read and starred in them.

A report is read where its row in `app_states` says so; else where its number is not above the mark of its publisher
(`app_marks`), or where 20,000 newer reports or more have come to the wire. So what a token has not read can always be
counted by looking at those and at the few exceptions that `app_states` has below them.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from aggregator.model.apps import AppEntry, AppFeed, AppListing, AppReader, AppSearch, AppUnread
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries.reading import dictionaries, rows
from aggregator.store.queries.searches import selection_of
from aggregator.store.queries.selections import LAST, chosen, where
from aggregator.text.dates import to_iso

NEWEST = 20_000  # reports; what lies further back is read unless somebody says otherwise
_MOST_CHANGED = 50_000  # lines of the ledger that are looked at; where there are more, everything may have changed
_COUNTED = 10_000  # entries beyond a page

_IS_OPEN = "(t.text_scope <> 'none' AND ' ' || t.channels || ' ' LIKE '% ' || :channel || ' %')"
_IS_READ = """coalesce(s.is_read,
      CASE WHEN a.article_id <= max(coalesce(m.read_up_to, 0), :floor) THEN 1 ELSE 0 END)"""
# A report that nobody could ever read has no notice either; nor has one in the place of which nothing stands.
_VISIBLE = f"""
    (a.embargoed_until IS NULL OR a.embargoed_until <= :released_by)
    AND CASE WHEN {_IS_OPEN} THEN a.status = 'usable' OR (a.notice IS NOT NULL AND a.released_seq IS NOT NULL)
      ELSE a.released_seq <= (SELECT x.seq FROM closed_channels AS x
        WHERE x.publisher = a.publisher AND x.class = a.class AND x.channel = :channel) END
"""  # noqa: S608  (made of constants)
_OF = f"""
    SELECT a.article_id AS number, a.id, a.publisher, a.first_seen, a.sort_time, {_IS_READ} AS is_read,
      coalesce(s.is_starred, 0) AS is_starred, NOT {_IS_OPEN} AS is_closed
"""
_WITH_STATE = """
    CROSS JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class
    LEFT JOIN app_marks AS m ON m.reader_id = :reader AND m.publisher = a.publisher
    LEFT JOIN app_states AS s ON s.reader_id = :reader AND s.article_id = a.article_id
"""
_FITS = f"""
    a.article_id > :above AND a.article_id < :below AND a.sort_time >= :since AND a.sort_time < :until AND {_VISIBLE}
    AND (CAST(:is_read AS INTEGER) IS NULL OR {_IS_READ} = :is_read)
    AND (CAST(:is_starred AS INTEGER) IS NULL OR coalesce(s.is_starred, 0) = :is_starred)
"""
_OF_THESE = "a.publisher IN (SELECT value FROM json_each(:publishers))"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A listing as SQL needs it."""

    listing: AppListing
    publishers: tuple[str, ...]
    values: Mapping[str, Any]
    floor: int

    def ordered(self, found: Iterable[AppEntry]) -> list[AppEntry]:
        return sorted(found, key=self.key, reverse=self.listing.newest_first)

    @property
    def key(self) -> Any:
        return attrgetter("number") if self.listing.order == "number" else attrgetter("sort_time")


def feeds(connection: StoreConnection, reader: AppReader) -> list[AppFeed]:
    """The publishers of which the reader may be shown anything, by name."""
    found = rows(
        connection,
        f"""
        SELECT f.feed_id, p.publisher, p.name, p.place, p.homepage, d.folder_id, p.country
        FROM publishers AS p
        CROSS JOIN app_feeds AS f ON f.publisher = p.publisher
        CROSS JOIN app_folders AS d ON d.folder_kind = 'country' AND d.name = p.country
        WHERE EXISTS (SELECT 1 FROM terms AS t WHERE t.publisher = p.publisher AND {_IS_OPEN.replace(":channel", "?1")})
          OR EXISTS (SELECT 1 FROM closed_channels AS x WHERE x.publisher = p.publisher AND x.channel = ?1)
        ORDER BY p.name, p.publisher
        """,  # noqa: S608  (made of constants)
        reader.channel,
    )
    return [AppFeed(**row) for row in found]


def searches(connection: StoreConnection) -> list[AppSearch]:
    """Saved searches that have a file, by name."""
    sql = """
        SELECT d.folder_id, q.name FROM searches AS q
        CROSS JOIN app_folders AS d ON d.folder_kind = 'search' AND d.name = q.name
        WHERE q.state <> 'removed' ORDER BY q.name
    """
    return [AppSearch(**row) for row in rows(connection, sql)]


def topics(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Those of these topics that a report is about, in their order."""
    found = connection.execute(
        """
        SELECT w.value FROM json_each(?) AS w
        WHERE EXISTS (SELECT 1 FROM article_topics AS t WHERE t.topic = w.value)
        """,
        (json.dumps(list(codes)),),
    )
    some = {code for (code,) in found}
    return [code for code in codes if code in some]


def entries(
    connection: StoreConnection, reader: AppReader, listing: AppListing, released_by: str | None
) -> tuple[list[AppEntry], int]:
    """A page of a listing, and how many entries there are of it: up to 10,000 beyond the page, if that is asked for."""
    found = _found(connection, _asked(connection, reader, listing, released_by))
    page = list(islice(found, listing.skip, listing.skip + listing.limit))
    beyond = sum(1 for _ in islice(found, _COUNTED)) if listing.is_counted else 0
    return page, (listing.skip if page else 0) + len(page) + beyond


def numbered(
    connection: StoreConnection, reader: AppReader, numbers: Sequence[int], released_by: str | None
) -> list[AppEntry]:
    """The entries of these numbers, in their order. One that the reader may not know of is left out."""
    asked = _asked(connection, reader, AppListing(), released_by)
    wanted = [each for each in dict.fromkeys(numbers) if 0 < each < LAST]
    by_number = {each.number: each for each in _named(connection, asked, wanted)}
    return [by_number[each] for each in wanted if each in by_number]


def unread(connection: StoreConnection, reader: AppReader, released_by: str | None) -> dict[str, AppUnread]:
    """By publisher, of whom there is any."""
    asked = _asked(connection, reader, AppListing(), released_by)
    cursor = connection.execute(
        f"""
        SELECT publisher, count(*) FILTER (WHERE is_read = 0) AS unread, count(*) FILTER (WHERE is_read = 1) AS read,
          max(first_seen) FILTER (WHERE is_read = 0) AS newest
        FROM (
          {_OF} FROM articles AS a {_WITH_STATE} WHERE a.article_id > :floor AND {_VISIBLE}
          UNION ALL
          {_OF} FROM app_states AS u INDEXED BY app_unread CROSS JOIN articles AS a ON a.article_id = u.article_id
          {_WITH_STATE} WHERE u.reader_id = :reader AND u.is_read = 0 AND u.article_id <= :floor AND {_VISIBLE}
        ) AS e GROUP BY publisher
        """,  # noqa: S608  (made of constants)
        asked.values,
    )
    return {row.pop("publisher"): AppUnread(**row) for row in dictionaries(cursor)}


def first_since(connection: Connection, moment: datetime) -> int:
    """The number of the first report that was first seen then or later; one above the last: there is none. Numbers rise
    with the time of first sight, so this looks at few rows.
    """
    (first,) = connection.execute("SELECT min(article_id) FROM articles").fetchone()
    low, high = first or 1, last(connection) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT article_id, first_seen FROM articles WHERE article_id >= ? ORDER BY article_id LIMIT 1", (middle,)
        ).fetchone()
        if row[1] < to_iso(moment):
            low = row[0] + 1
        else:
            high = middle
    return int(low)


def last(connection: Connection) -> int:
    """The number of the newest report; 0: there is none."""
    (found,) = connection.execute("SELECT max(article_id) FROM articles").fetchone()
    return found or 0


def _asked(connection: StoreConnection, reader: AppReader, listing: AppListing, released_by: str | None) -> _Asked:
    floor = last(connection) - NEWEST
    above, below = listing.above or 0, LAST if listing.below is None else listing.below
    if listing.published_since:  # nothing is published after it is first seen, as far as lists know
        above = max(above, first_since(connection, listing.published_since) - 1)
    if listing.seen_until:
        below = min(below, first_since(connection, listing.seen_until))
    values = {
        "reader": _reader(connection, reader.token_hash),
        "channel": reader.channel,
        "released_by": released_by or "",
        "floor": floor,
        "above": above,
        "below": below,
        "since": to_iso(listing.published_since) if listing.published_since else "",
        "until": to_iso(listing.published_until) if listing.published_until else "~",
        "is_read": listing.is_read,
        "is_starred": listing.is_starred,
        "most": listing.skip + listing.limit + _COUNTED,
    }
    known = tuple(each.publisher for each in feeds(connection, reader))
    wanted = known if listing.publishers is None else tuple(each for each in known if each in set(listing.publishers))
    return _Asked(listing, wanted, {**values, "publishers": json.dumps(wanted)}, floor)


def _found(connection: Connection, asked: _Asked) -> Iterator[AppEntry]:
    """In order. What may be long is read as it is asked for: each publisher by an index, and all of them merged."""
    listing = asked.listing
    changed = _changed(connection, listing.changed_since) if listing.changed_since else None
    if listing.search is not None:
        found = _named(connection, asked, _of_search(connection, listing.search))
    elif listing.topic is not None:
        found = _named(connection, asked, _about(connection, listing.topic, asked.floor))
    elif listing.is_starred:
        found = _run(connection, asked, "app_states AS w INDEXED BY app_stars", "w.is_starred = 1")
    elif listing.is_read is False:
        found = _unread(connection, asked)
    elif changed is None:
        yield from _merged(connection, asked, asked.publishers)
        return
    else:
        some = [each for each in asked.publishers if each not in changed.publishers]
        few = _named(connection, asked, sorted(changed.numbers), some)
        whole = _merged(connection, asked, [each for each in asked.publishers if each in changed.publishers])
        yield from heapq.merge(asked.ordered(few), whole, key=asked.key, reverse=listing.newest_first)
        return
    if changed is not None:
        found = (each for each in found if changed.has(each))
    yield from asked.ordered(found)


def _of_search(connection: Connection, name: str) -> list[int]:
    """The reports of which a saved search found any version, whatever became of them: what it found stays in its
    folder, and what is taken back is seen there.
    """
    row = connection.execute("SELECT search_id, selection FROM searches WHERE name = ?", (name,)).fetchone()
    if row is None:
        return []
    conditions, values = where(chosen(connection, selection_of(row[1])))
    found = connection.execute(
        f"""
        SELECT DISTINCT w.article_id FROM (
          SELECT revision_id FROM hits WHERE search_id = ? ORDER BY revision_id DESC LIMIT ?
        ) AS h
        CROSS JOIN revisions AS r ON r.revision_id = h.revision_id
        CROSS JOIN articles AS w ON w.article_id = r.article_id {conditions}
        """,  # noqa: S608  (made of constants)
        (row[0], NEWEST, *values),
    )
    return [number for (number,) in found]


def _about(connection: Connection, topic: str, above: int) -> list[int]:
    found = connection.execute(
        "SELECT article_id FROM article_topics WHERE topic = ? AND article_id > ?", (topic, above)
    )
    return [number for (number,) in found]


def _merged(connection: Connection, asked: _Asked, publishers: Sequence[str]) -> Iterator[AppEntry]:
    direction = "DESC" if asked.listing.newest_first else "ASC"
    if asked.listing.order == "number":
        index, order = "articles_by_number", f"a.article_id {direction}"
    else:
        index, order = "articles_by_publisher", f"a.sort_time {direction}"
    sql = f"""
        {_OF} FROM articles AS a INDEXED BY {index} {_WITH_STATE}
        WHERE a.publisher = :publisher AND {_FITS} ORDER BY {order} LIMIT :most
    """
    of_each = [_entries(connection, sql, {**asked.values, "publisher": each}) for each in publishers]
    return heapq.merge(*of_each, key=asked.key, reverse=asked.listing.newest_first)


def _unread(connection: Connection, asked: _Asked) -> Iterator[AppEntry]:
    sql = f"""
        {_OF} FROM articles AS a {_WITH_STATE} WHERE a.article_id > :floor AND {_OF_THESE} AND {_FITS}
    """
    yield from _entries(connection, sql, asked.values)
    kept = "app_states AS w INDEXED BY app_unread"
    yield from _run(connection, asked, kept, "w.is_read = 0 AND w.article_id <= :floor")


def _run(connection: Connection, asked: _Asked, states: str, where: str) -> Iterator[AppEntry]:
    """Entries that have a state of their own."""
    sql = f"""
        {_OF} FROM {states} CROSS JOIN articles AS a ON a.article_id = w.article_id {_WITH_STATE}
        WHERE w.reader_id = :reader AND {where} AND {_OF_THESE} AND {_FITS}
    """
    return _entries(connection, sql, asked.values)


def _named(
    connection: Connection, asked: _Asked, numbers: Sequence[int], publishers: Sequence[str] | None = None
) -> Iterator[AppEntry]:
    sql = f"""
        {_OF} FROM json_each(:numbers) AS w CROSS JOIN articles AS a ON a.article_id = CAST(w.value AS INTEGER)
        {_WITH_STATE}
        WHERE {_OF_THESE} AND {_FITS}
    """
    those = asked.publishers if publishers is None else publishers
    values = {**asked.values, "numbers": json.dumps(list(numbers)), "publishers": json.dumps(list(those))}
    return _entries(connection, sql, values)


def _entries(connection: Connection, sql: str, values: Mapping[str, Any]) -> Iterator[AppEntry]:
    for number, public_id, publisher, first_seen, sort_time, *flags in connection.execute(sql, values):
        is_read, is_starred, is_closed = map(bool, flags)
        yield AppEntry(
            number=number,
            id=public_id,
            publisher=publisher,
            first_seen=first_seen,
            sort_time=sort_time,
            is_read=is_read,
            is_starred=is_starred,
            is_closed=is_closed,
        )


@dataclass(frozen=True, slots=True)
class _Changed:
    numbers: frozenset[int]
    publishers: frozenset[str]  # whose terms have changed, so that all their reports have

    def has(self, entry: AppEntry) -> bool:
        return entry.number in self.numbers or entry.publisher in self.publishers


def _changed(connection: Connection, since: datetime) -> _Changed | None:
    """What the ledger says since a time; None: so much that it may be everything."""
    found = connection.execute(
        """
        SELECT article_id, publisher FROM changes
        WHERE seq >= coalesce((SELECT min(seq) FROM changes WHERE at >= ?1), 9223372036854775807)
        ORDER BY seq LIMIT ?2
        """,
        (to_iso(since), _MOST_CHANGED + 1),
    ).fetchall()
    if len(found) > _MOST_CHANGED:
        return None
    return _Changed(
        frozenset(number for number, _ in found if number is not None),
        frozenset(publisher for _, publisher in found if publisher is not None),
    )


def _reader(connection: Connection, token_hash: str) -> int:
    """The number of a token among those that have marked something; 0: it has not."""
    row = connection.execute("SELECT reader_id FROM app_readers WHERE token_hash = ?", (token_hash,)).fetchone()
    return row[0] if row else 0


# Writing; within a transaction of the caller's


def mark(
    connection: Connection,
    token_hash: str,
    numbers: Collection[int],
    is_read: bool | None,
    is_starred: bool | None,
) -> None:
    """Marks reports; None: as it was."""
    reader = _made(connection, token_hash)
    if reader is None:
        return
    connection.execute(
        """
        INSERT INTO app_states (reader_id, article_id, is_read, is_starred)
        SELECT ?1, a.article_id, ?3, coalesce(?4, 0)
        FROM json_each(?2) AS w CROSS JOIN articles AS a ON a.article_id = CAST(w.value AS INTEGER) WHERE true
        ON CONFLICT (reader_id, article_id) DO UPDATE SET is_read = coalesce(?3, app_states.is_read),
          is_starred = coalesce(?4, app_states.is_starred)
        """,
        (reader, json.dumps(sorted(numbers)), is_read, is_starred),
    )
    # Rows that say what would hold without them.
    connection.execute(
        """
        DELETE FROM app_states WHERE reader_id = ?1 AND article_id <= ?2 AND is_starred = 0
          AND coalesce(is_read, 1) = 1
        """,
        (reader, last(connection) - NEWEST),
    )


def toggle_star(connection: Connection, token_hash: str, number: int) -> None:
    """Stars a report, or takes its star away."""
    reader = _made(connection, token_hash)
    if reader is not None:
        connection.execute(
            """
            INSERT INTO app_states (reader_id, article_id, is_starred) VALUES (?, ?, 1)
            ON CONFLICT (reader_id, article_id) DO UPDATE SET is_starred = 1 - app_states.is_starred
            """,
            (reader, number),
        )


def mark_all(connection: Connection, token_hash: str, publishers: Collection[str], up_to: int) -> None:
    """All reports of these publishers up to this number are read."""
    reader = _made(connection, token_hash)
    if reader is None:
        return
    connection.executemany(
        """
        INSERT INTO app_marks (reader_id, publisher, read_up_to) VALUES (?1, ?2, ?3)
        ON CONFLICT (reader_id, publisher) DO UPDATE SET read_up_to = max(app_marks.read_up_to, ?3)
        """,
        [(reader, publisher, up_to) for publisher in sorted(publishers)],
    )
    these = (reader, up_to, json.dumps(sorted(publishers)))
    of_these = """
        reader_id = ?1 AND article_id <= ?2 AND (
          SELECT a.publisher FROM articles AS a WHERE a.article_id = app_states.article_id
        ) IN (SELECT value FROM json_each(?3))
    """
    connection.execute(f"DELETE FROM app_states WHERE {of_these} AND is_starred = 0", these)  # noqa: S608
    connection.execute(f"UPDATE app_states SET is_read = NULL WHERE {of_these}", these)  # noqa: S608


def _made(connection: Connection, token_hash: str) -> int | None:
    """The number of a token, which gets one; None: it was revoked meanwhile."""
    connection.execute(
        """
        INSERT INTO app_readers (token_hash) SELECT token_hash FROM tokens
        WHERE token_hash = ? AND revoked_at IS NULL ON CONFLICT DO NOTHING
        """,
        (token_hash,),
    )
    return _reader(connection, token_hash) or None


def forget(connection: Connection, token_hash: str) -> None:
    """Deletes what a token has read and starred."""
    reader = _reader(connection, token_hash)
    for table in ("app_states", "app_marks", "app_readers"):
        connection.execute(f"DELETE FROM {table} WHERE reader_id = ?", (reader,))  # noqa: S608  (constants)
