"""Reads the rows of a snapshot, table by table, a row at a time: what `model.snapshots.TABLES` describes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from aggregator.model import Cursor, Selection
from aggregator.model.snapshots import Extent
from aggregator.store.connection import Connection
from aggregator.store.queries.raw import unpacker
from aggregator.store.queries.selections import chosen, publishers, where
from aggregator.text.dates import to_iso
from aggregator.text.raw_words import values

Row = dict[str, Any]

_OUT = "('withheld', 'withdrawn', 'deleted')"
_IN_WEB = "' ' || {terms}.channels || ' ' LIKE '% web %'"
# Of a report that was taken out of the wire with one version and came back with another, the first one that came back:
# the desk or the publisher has taken back what was said before.
_FIRST_IN_FORCE = f"""
    coalesce((SELECT max(b.back) FROM (
      SELECT k.revision, (SELECT q.revision FROM changes AS q WHERE q.article_id = k.article_id AND q.seq > k.seq
        AND q.change_kind = 'restored' ORDER BY q.seq LIMIT 1) AS back
      FROM changes AS k WHERE k.article_id = w.article_id AND k.change_kind IN {_OUT}) AS b
    WHERE b.back <> b.revision), 1)
"""  # noqa: S608  (constants)
# Whether readers could know of a version: a line of the ledger that was listed says that it was in the wire.
_WAS_OUT = f"""(r.number = w.revision OR EXISTS (SELECT 1 FROM wire_at AS o
      WHERE o.article_id = w.article_id AND o.revision = r.number AND o.status = 'usable' AND o.seq >= w.released_seq))
    AND r.number >= {_FIRST_IN_FORCE}
"""  # noqa: S608  (constants)


def rows(connection: Connection, table: str, extent: Extent) -> Iterator[Row]:
    """The rows of one table, always in the same order. `reports` and `versions` have `words` beside their columns, as
    `raw_words.values`; None: the words of the row are those of its columns, or may not leave. Within a transaction of
    the caller's.
    """
    return _READERS[table](connection, extent)


def count(connection: Connection, extent: Extent) -> int:
    """How many reports it has."""
    source, found = _reports(connection, extent)
    (number,) = connection.execute(f"SELECT count(*) {source}", found).fetchone()
    return int(number)


def time_of(connection: Connection, cursor: Cursor) -> str:
    """When its line was written."""
    (at,) = connection.execute("SELECT at FROM changes WHERE seq = ?", (cursor.seq,)).fetchone()
    return str(at)


def _reports(connection: Connection, extent: Extent, came: str = "") -> tuple[str, dict[str, Any]]:
    """FROM and WHERE for the reports `w`, with their publishers `p` and terms `t`; in a public snapshot rows `v` of the
    view `wire`, and as of a time their states `s` then. `came`: SQL for others, that count as having come.
    """
    selection = extent.selection
    if extent.at is not None and selection.after is not None:
        selection = replace(selection, up_to=extent.up_to)
    conditions, given = where(chosen(connection, replace(selection, limit=None)), "TRUE")
    found: dict[str, Any] = {f"v{number}": value for number, value in enumerate(given)}
    for name in found:
        conditions = conditions.replace("?", f":{name}", 1)
    if came and selection.after is not None:
        of_all, more = where(chosen(connection, replace(selection, after=None, up_to=None, limit=None)), came)
        for number, value in enumerate(more):
            of_all = of_all.replace("?", f":m{number}", 1)
            found[f"m{number}"] = value
        conditions = f"WHERE ({conditions.removeprefix('WHERE ')} OR {of_all.removeprefix('WHERE ')})"
    # In the order of its rows, so that nothing has to be sorted, however much it is.
    sql = """FROM articles AS w NOT INDEXED
      CROSS JOIN publishers AS p ON p.publisher = w.publisher
      LEFT JOIN terms AS t ON t.publisher = w.publisher AND t.class = w.class"""
    if extent.is_public:
        sql += f" CROSS JOIN wire AS v ON v.article_id = w.article_id AND {_IN_WEB.format(terms='v')}"
    if extent.at is not None:
        sql += """ CROSS JOIN wire_at AS s ON s.article_id = w.article_id AND s.status = 'usable'
      AND s.valid_from <= :at AND (s.valid_until IS NULL OR s.valid_until > :at) AND s.seq <= :up_to
      AND s.seq >= w.released_seq"""
        found["at"] = to_iso(extent.at)
    found |= {"up_to": extent.up_to.seq, "after": selection.after.seq if selection.after else 0}
    return f"{sql} {conditions}", found


def _read(connection: Connection, sql: str, found: Mapping[str, Any]) -> Iterator[Row]:
    used = {name: value for name, value in found.items() if f":{name}" in sql}
    cursor = connection.execute(sql, used)
    names = [column[0] for column in cursor.description]
    for row in iter(cursor.fetchone, None):
        yield dict(zip(names, row, strict=True))


_DISCLAIMER = "replace(t.disclaimer, '{original_url}', coalesce(w.url, p.homepage))"
_BESIDE = f"""t.credit, {_DISCLAIMER} AS disclaimer,
      t.text_scope, t.licence, t.copyright_notice"""
# What the rights let out of a version is cut outside, by `excerpt_max_words`.
_OF_VERSION = "r.raw, r.dictionary_id, t.excerpt_max_words"


def _reports_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    source, found = _reports(connection, extent)
    if extent.at is not None:
        # What is out of the wire now, or was taken back since, does not come back.
        words = (
            "CASE WHEN w.status = 'usable' AND w.embargoed_until IS NULL"
            f" AND s.revision >= {_FIRST_IN_FORCE} THEN r.raw END"
        )
        said = f"""s.title, NULL AS summary, NULL AS text, NULL AS byline, NULL AS url, w.published, w.updated,
          s.revision AS number, {words} AS raw, r.dictionary_id, t.excerpt_max_words"""
        source = source.replace(
            " WHERE ", " CROSS JOIN revisions AS r ON r.article_id = w.article_id AND r.number = s.revision WHERE ", 1
        )
    elif extent.is_public:
        said = "v.title, v.summary, v.text, v.byline, v.url, w.published, w.updated, w.revision AS number"
    else:
        said = "w.title, b.summary, b.text, w.byline, w.url, w.published, w.updated, w.revision AS number"
        source = source.replace(" WHERE ", " LEFT JOIN bodies AS b ON b.article_id = w.article_id WHERE ", 1)
    # The address of a report that is out of the wire now stands in no disclaimer.
    beside = _BESIDE if extent.at is None else _BESIDE.replace(_DISCLAIMER, "s.disclaimer")
    sql = f"""
        SELECT w.id, w.publisher, p.name AS publisher_name, p.place AS publisher_place, w.country, w.class, w.language,
          {said}, w.first_seen, w.sort_time, w.backfill, w.status, w.embargoed_until, {beside}, t.complaints_url,
          coalesce(t.channels, '') AS channels
        {source} ORDER BY w.article_id
    """
    unpack = unpacker(connection)
    for row in _read(connection, sql, found):
        yield _with_words(row, unpack)


def _versions_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    """With `--after`, the versions that came since of all reports that fit the rest."""
    line = "SELECT 1 FROM changes AS c WHERE c.article_id = w.article_id AND c.revision = r.number"
    came = f"EXISTS ({line} AND c.seq > :after AND c.seq <= :up_to)"
    source, found = _reports(connection, extent, came)
    joined = " CROSS JOIN revisions AS r ON r.article_id = w.article_id"
    if extent.at is not None:
        joined += " AND r.number <= s.revision AND w.status = 'usable' AND w.embargoed_until IS NULL"
    if extent.is_public or extent.at is not None:
        joined += f" AND {_WAS_OUT}"
    source = source.replace(" WHERE ", f"{joined} CROSS JOIN sources AS o ON o.source_id = r.source_id WHERE ", 1)
    sql = f"""
        SELECT w.id, r.number, (SELECT c.change_kind FROM changes AS c
            WHERE c.article_id = w.article_id AND c.revision = r.number ORDER BY c.seq LIMIT 1) AS change_kind,
          r.seen_at, o.publisher || '/' || o.source_key AS source_name, w.publisher, p.name AS publisher_name, r.title,
          r.changed, lower(hex(r.raw_hash)) AS sha256, {_BESIDE}, {_OF_VERSION}
        {source} ORDER BY w.article_id, r.number
    """  # noqa: S608  (constants)
    unpack = unpacker(connection)
    for row in _read(connection, sql, found):
        yield _with_words(row, unpack)


def _with_words(row: Row, unpack: Callable[[bytes, int | None], bytes | None]) -> Row:
    raw, dictionary = row.pop("raw", None), row.pop("dictionary_id", None)
    words = None if raw is None else unpack(raw, dictionary)
    return {**row, "words": None if words is None else values(words)}


def _changes_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    """Of all reports that fit, whenever they came, and of their publishers."""
    selection = extent.selection
    source, found = _reports(connection, replace(extent, selection=replace(selection, after=None)))
    found["after"] = selection.after.seq if selection.after else 0
    of_publishers, more = _publishers(connection, extent)
    note = "CASE WHEN c.article_id IS NULL THEN c.note END" if extent.is_public else "c.note"
    listed = " AND c.seq >= w.released_seq" if extent.is_public or extent.at is not None else ""
    if extent.is_public or extent.at is not None:
        listed += f" AND c.revision >= {_FIRST_IN_FORCE}"
    # Line by line: the ledger is in its order, and a report is looked up by its number.
    sql = f"""
        SELECT c.seq, c.hash, c.change_kind, c.at,
          (SELECT a.id FROM articles AS a WHERE a.article_id = c.article_id) AS id,
          coalesce(c.publisher, (SELECT a.publisher FROM articles AS a WHERE a.article_id = c.article_id)) AS publisher,
          c.revision AS number, {note} AS note
        FROM changes AS c
        WHERE c.seq > :after AND c.seq <= :up_to
          AND CASE WHEN c.article_id IS NULL
            THEN EXISTS (SELECT 1 {of_publishers} AND p.publisher = c.publisher)
            ELSE EXISTS (SELECT 1 {source} AND w.article_id = c.article_id{listed}) END
        ORDER BY c.seq
    """  # noqa: S608  (constants)
    for row in _read(connection, sql, {**found, **more}):
        hashed = row.pop("hash")
        yield {**row, "cursor": str(Cursor.of(row["seq"], hashed))}


_HAS_SOMETHING = f""" AND EXISTS (SELECT 1 FROM terms AS t WHERE t.publisher = p.publisher AND t.text_scope <> 'none'
      AND {_IN_WEB.format(terms="t")})"""  # noqa: S608  (constants)


def _publishers(connection: Connection, extent: Extent) -> tuple[str, dict[str, Any]]:
    """FROM and WHERE for the publishers `p`; in a public snapshot those of whom the web may show something."""
    selection: Selection = extent.selection
    keys = publishers(connection, selection)
    sql = """FROM publishers AS p WHERE (:keys IS NULL OR p.publisher IN (SELECT value FROM json_each(:keys)))
      AND (:countries IS NULL OR p.country IN (SELECT value FROM json_each(:countries)))"""
    if extent.is_public:
        sql += _HAS_SOMETHING
    return sql, {
        "keys": None if keys is None else json.dumps(keys),
        "countries": json.dumps(selection.countries) if selection.countries else None,
    }


def _publishers_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    source, found = _publishers(connection, extent)
    yield from _read(
        connection,
        f"""
        SELECT p.publisher, p.name, p.place, p.country, p.publisher_kind, p.publisher_group, p.languages, p.homepage
        {source} ORDER BY p.publisher
        """,
        found,
    )


def _sources(connection: Connection, extent: Extent) -> Iterator[Row]:
    source, found = _publishers(connection, extent)
    yield from _read(
        connection,
        f"""
        SELECT o.source_id, o.publisher || '/' || o.source_key AS source_name, o.publisher, o.source_kind, o.class,
          coalesce(o.old_url, o.url) AS url, o.enabled
        FROM sources AS o WHERE o.publisher IN (SELECT p.publisher {source}) ORDER BY o.publisher, o.source_key
        """,  # noqa: S608  (constants)
        found,
    )


def _sources_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    for row in _sources(connection, extent):
        del row["source_id"]
        yield row


# Each poll by itself; behind them, by day, those that brought nothing and are older (`coverage`).
_WELL = "('ok', 'unchanged', 'not_modified')"
_POLLS = f"""
    SELECT substr(l.started, 1, 10) AS day, count(*) AS polls, sum(l.outcome IN {_WELL}) AS well,
      sum(l.outcome NOT IN ('ok', 'unchanged', 'not_modified', 'offline', 'pending')) AS failed,
      sum(l.outcome = 'offline') AS offline, sum(l.outcome = 'pending') AS held, sum(l.gap IS NOT NULL) AS gaps,
      sum(l.gap IS NOT DISTINCT FROM 'closed') AS gaps_closed, sum(l.new) AS new, sum(l.revised) AS revised,
      sum(l.bytes) AS bytes,
      json_group_array(l.drops) FILTER (WHERE l.drops IS NOT NULL) AS drops
    FROM polls AS l WHERE l.source_id = :source AND l.started <= :time GROUP BY 1
"""  # noqa: S608  (constants)
_BY_DAY = """
    UNION ALL
    SELECT d.day, d.polls, d.polls, 0, 0, 0, 0, 0, 0, 0, d.bytes, d.drops
    FROM poll_days AS d WHERE d.source_id = :source AND d.day <= substr(:time, 1, 10)
"""


def _polls_rows(connection: Connection, extent: Extent) -> Iterator[Row]:
    """A source at a time, so that little is held."""
    by_day = connection.has_table("poll_days")
    for source in _sources(connection, extent):
        found: dict[str, Row] = {}
        drops: dict[str, Counter[str]] = {}
        wanted = {"source": source["source_id"], "time": to_iso(extent.time)}
        for row in _read(connection, _POLLS + (_BY_DAY if by_day else ""), wanted):
            day, reasons = row.pop("day"), row.pop("drops")
            before = found.setdefault(day, dict.fromkeys(row, 0))
            found[day] = {name: before[name] + value for name, value in row.items()}
            said = json.loads(reasons or "[]")  # of single polls one text each, or an object of all of a day
            for each in map(json.loads, said) if isinstance(said, list) else [said]:
                drops.setdefault(day, Counter()).update(each)
        for day, row in sorted(found.items()):
            left_out = json.dumps(drops[day], sort_keys=True) if day in drops else None
            yield {"source_name": source["source_name"], "day": day, **row, "left_out": left_out}


_READERS: Mapping[str, Callable[[Connection, Extent], Iterator[Row]]] = MappingProxyType(
    {
        "reports": _reports_rows,
        "versions": _versions_rows,
        "changes": _changes_rows,
        "publishers": _publishers_rows,
        "sources": _sources_rows,
        "polls_by_day": _polls_rows,
    }
)
