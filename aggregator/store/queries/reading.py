"""What people read: rows of the view `wire` as Reports, and the record of one article."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from aggregator.model import FIELDS, FormerChoice, KnownPublisher, Query, Report, Selection, Traits
from aggregator.store.connection import Cursor, StoreConnection
from aggregator.store.queries import groups, ledger
from aggregator.store.queries.selections import LAST, Chosen, Place, chosen, where
from aggregator.store.queries.views import is_migrated, rows_to_count
from aggregator.text.dates import AHEAD, from_iso, to_iso
from aggregator.text.raw_words import values

_COLUMNS = ", ".join(f"w.{field.key}" for field in FIELDS)
_OF_TAGS = ("language_from", "topics", "about")  # columns that a file of version 0.7.0 or older has not

# Of equal times those that came last; of one document the newest, which has the least id (`polls.write_decisions`). An
# index has rows in the order of the first; what is sorted are those of one and the same time.
_AT_ONCE = 1_000
_IN_LATEST = "w.backfill = 0"
NEWEST_FIRST = "w.sort_time DESC, w.first_seen DESC, w.article_id"


def listed(connection: StoreConnection, query: Query | None, selection: Selection) -> Iterator[Report]:
    """The newest reports first, by the time they are listed under; with a query those that it finds. Only newest words
    count.
    """
    return _reports(_listed(connection, query, selection, _columns(connection)))


def traits(connection: StoreConnection, query: Query | None, selection: Selection) -> list[Traits]:
    """Of the same reports what they can be chosen by, without their words, of which reading takes most of the time."""
    columns = _TRAITS if is_migrated(connection) else _TRAITS_BEFORE_TAGS
    return [Traits(*row[:5], *map(_codes, row[5:])) for row in _listed(connection, query, selection, columns)]


@lru_cache(10_000)
def _codes(listed: str | None) -> tuple[str, ...]:
    return tuple(json.loads(listed or "[]"))


_TRAITS_BEFORE_TAGS = "w.id, w.publisher, w.country, w.language, w.class, NULL, NULL"
_TRAITS = _TRAITS_BEFORE_TAGS.replace("NULL, NULL", "w.topics, w.about")


def _listed(
    connection: StoreConnection, query: Query | None, selection: Selection, columns: str
) -> Iterator[tuple[Any, ...]]:
    """Rows of these columns of the view `wire`, in the order of lists."""
    of = _chosen(connection, selection)
    if query is not None:
        return _at(connection, _found(connection, query, of), columns)
    source, ids = _source(connection, of)
    if not ids and _is_by_group(connection, of):
        return _at(connection, groups.newest(connection, of, _listed_at_all(of)), columns)
    # What says nothing lets SQLite begin with the index of that column, where it knows of few articles.
    has_range = of.since or of.until or of.before
    conditions, values = where(of, _listed_at_all(of), "TRUE" if has_range else "w.sort_time >= ''")
    sql = f"SELECT {columns} FROM {source} {conditions} ORDER BY {NEWEST_FIRST} LIMIT ?"  # noqa: S608
    return connection.execute(sql, (*ids, *values, of.most))


def _listed_at_all(of: Chosen) -> str:
    """What a report must be to be listed without a search: by arrival backfill too, which may be a report of days ago
    that its publisher brings now.
    """
    return "TRUE" if of.lines is not None else _IN_LATEST


def _chosen(connection: StoreConnection, selection: Selection) -> Chosen:
    """Raises CursorError where the ledger does not hold `after`."""
    if selection.after is not None:
        ledger.check(connection, selection.after)
    return chosen(connection, selection)


def _source(connection: StoreConnection, of: Chosen) -> tuple[str, list[str]]:
    """What to read `w` from, and the value for it: where few lines of the ledger are asked for, their articles."""
    few = None if of.lines is None else ledger.few_articles(connection, *of.lines)
    return ("wire AS w", []) if few is None else (f"json_each(?) AS hit {_TO_WIRE}", [json.dumps(few)])


_TO_WIRE = "CROSS JOIN wire AS w ON w.article_id = CAST(hit.value AS INTEGER)"


def _found(connection: StoreConnection, query: Query, of: Chosen) -> list[Place]:
    """The index is walked from the revision that was written last. A report is listed `AHEAD` of its first sight at
    most, and no revision is written before that, so the walk ends where what is left was written too early.
    """
    conditions, values = _where(query, of)
    newest: list[Place] = []  # a heap, the oldest at its top
    earliest = max(
        to_iso(query.changed_since) if query.changed_since else "",
        to_iso(from_iso(of.since) - AHEAD) if of.since else "",
    )
    parts = (
        _hits(connection, f"{_of_hits(hits)} {conditions}", part, values)
        for hits, part in _parts(connection, query, of)
    )
    for sort_time, first_seen, article_id, written_at, _ in chain.from_iterable(parts):
        if written_at is not None and written_at < earliest:
            break
        heapq.heappush(newest, (sort_time, first_seen, -article_id))
        if len(newest) > of.most:
            heapq.heappop(newest)
        if len(newest) == of.most:
            earliest = max(earliest, to_iso(from_iso(newest[0][0]) - AHEAD))
    return sorted(newest, reverse=True)


def _hits(
    connection: StoreConnection, sql: str, part: Sequence[Any], values: Sequence[Any]
) -> Iterator[tuple[str, str, int, str, int]]:
    """What a part hits, the latest revision first: as it is read or, where the database finds all before it gives the
    first, a page at a time.
    """
    ordered, page = f"{sql} ORDER BY hit.revision DESC", connection.index.PAGE
    if page is None or len(part) != _BOUNDED:
        yield from connection.execute(ordered, (*part, *values))
        return
    said, least, last = part
    while True:
        rows = connection.execute(f"{ordered} LIMIT ?", (said, least, last, *values, page)).fetchall()
        yield from rows
        if len(rows) < page:
            return
        last, page = rows[-1][-1] - 1, page * 4


def _where(query: Query, of: Chosen) -> tuple[str, list[Any]]:
    """The conditions for what was hit, and their values."""
    if query.changed_since is None:
        return where(of)
    conditions, values = where(of, "r.number > 1", f"{_WRITTEN_AT} >= ?")
    return conditions, [to_iso(query.changed_since), *values]


_BOUNDED = 3  # values of a part of the index: what is looked for, and from which revision up to which


def _parts(connection: StoreConnection, query: Query, of: Chosen) -> Iterator[tuple[str, list[Any]]]:
    """SQL for the revisions that a query hits, with its values, the latest part first: within publishers, classes or
    languages by the words for them too, where rows have these. Of few articles none before their first revision.
    """
    if query.wanted:
        index = connection.index
        said = index.expression(query.wanted, query.unwanted)
        few = None if of.lines is None else ledger.few_articles(connection, *of.lines)
        least = 0 if few is None else _first_revision(connection, few)
        marks = index.marks(_first_keys(connection, of.publishers or ()), of.classes, of.languages)
        first = index.marked_from(connection) if marks else None
        if first is not None:
            narrow = index.expression(query.wanted, query.unwanted, marks)
            yield index.matching("?", "BETWEEN ? AND ?"), [narrow, max(first, least), LAST]
        if first is None or first > least:
            yield index.matching("?", "BETWEEN ? AND ?"), [said, least, LAST if first is None else first - 1]
    elif query.changed_since is not None:
        since = to_iso(query.changed_since)
        if query.unwanted:
            unless = f"AND v.revision_id NOT IN ({connection.index.matching('?')})"
            yield f"{_REVISED} {unless}", [since, connection.index.any_of(query.unwanted)]
        else:
            yield _REVISED, [since]


def _first_keys(connection: StoreConnection, publishers: Sequence[str]) -> Sequence[str]:
    """By which publishers stand in the index; in a file of an older version by their keys."""
    if not publishers or not is_migrated(connection):
        return publishers
    rows = connection.execute(
        "SELECT coalesce(first_key, publisher) FROM publishers WHERE publisher IN (SELECT value FROM json_each(?))",
        (json.dumps(publishers),),
    )
    return [key for (key,) in rows.fetchall()]


def _first_revision(connection: StoreConnection, articles: Sequence[int]) -> int:
    """The least number among the newest revisions of these; LAST: there are none."""
    (first,) = connection.execute(
        """
        SELECT coalesce(min(r.revision_id), ?) FROM json_each(?) AS hit
        CROSS JOIN articles AS a ON a.article_id = CAST(hit.value AS INTEGER)
        CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        """,
        (LAST, json.dumps(articles)),
    ).fetchone()
    return int(first)


def _at(connection: StoreConnection, places: Sequence[Place], columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows at these places, which are in the order of lists."""
    sql = f"SELECT {columns} FROM json_each(?) AS hit {_TO_WIRE} ORDER BY {NEWEST_FIRST}"  # noqa: S608  (constants)
    for start in range(0, len(places), _AT_ONCE):
        these = [-article_id for _, _, article_id in places[start : start + _AT_ONCE]]
        yield from connection.execute(sql, (json.dumps(these),))


def _is_by_group(connection: StoreConnection, of: Chosen) -> bool:
    """Whether `groups` answers best. A file that an older version made, and that is only read, has no index for it."""
    return groups.are_best(of) and is_migrated(connection)


def count(connection: StoreConnection, query: Query | None, selection: Selection, most: int) -> int:
    """How many reports are `listed`; `most`, where there are as many or more."""
    of = _chosen(connection, selection)
    if query is None:
        source, ids = _source(connection, of)
        if not ids and _is_by_group(connection, of):
            return groups.count(connection, of, most, _listed_at_all(of))
        source = source.replace("wire AS w", f"{rows_to_count(connection)} AS w")
        conditions, values = where(of, _listed_at_all(of))
        return _counted(connection, f"SELECT 1 FROM {source} {conditions}", [*ids, *values], most)  # noqa: S608
    conditions, values = _where(query, of)
    number = 0
    for hits, part in _parts(connection, query, of):
        number += _counted(connection, f"{_of_hits(hits)} {conditions}", [*part, *values], most - number)
    return number


def _counted(connection: StoreConnection, sql: str, values: Sequence[Any], most: int) -> int:
    (number,) = connection.execute(f"SELECT count(*) FROM ({sql} LIMIT ?) AS counted", (*values, most)).fetchone()  # noqa: S608
    return int(number)


# Newer versions of reports since a time.
_REVISED = """
    SELECT DISTINCT v.revision_id AS revision FROM changes AS c
    CROSS JOIN revisions AS v ON v.article_id = c.article_id AND v.number = c.revision
    WHERE c.at >= ? AND c.revision > 1
"""

# Of a change that waited for a person the words were seen earlier than they were written.
_WRITTEN_AT = "(SELECT min(at) FROM changes WHERE article_id = a.article_id AND revision = r.number)"


def _of_hits(hits: str) -> str:
    """SQL for where the reports of these revisions stand in lists, and when their words were written."""
    return f"""
        SELECT w.sort_time, w.first_seen, w.article_id, CASE WHEN r.number = 1 THEN r.seen_at ELSE {_WRITTEN_AT} END,
          hit.revision
        FROM ({hits}) AS hit {_NEWEST_OF_HITS}
    """  # noqa: S608  (made of constants)


_NEWEST_OF_HITS = """
    CROSS JOIN revisions AS r ON r.revision_id = hit.revision
    CROSS JOIN articles AS a ON a.article_id = r.article_id AND a.revision = r.number
    CROSS JOIN wire AS w ON w.article_id = a.article_id
"""


def ranked(connection: StoreConnection, query: Query, selection: Selection) -> list[Report]:
    """The reports among the newest matches of a query with words, best first. Only newest words count."""
    of = _chosen(connection, selection)
    conditions, values = _where(query, of)
    sql = f"""
        SELECT {_columns(connection)} FROM ({connection.index.RANKED}) AS hit {_NEWEST_OF_HITS}
        {conditions} ORDER BY hit.score, {NEWEST_FIRST} LIMIT ?
    """  # noqa: S608  (made of constants; every value is a parameter)
    said = connection.index.expression(query.wanted, query.unwanted)
    return list(_reports(connection.execute(sql, (said, *values, of.most))))


def report(connection: StoreConnection, public_id: str) -> Report | None:
    rows = connection.execute(f"SELECT {_columns(connection)} FROM wire AS w WHERE w.id = ?", (public_id,))  # noqa: S608
    return next(_reports(rows), None)


def _reports(rows: Iterable[tuple[Any, ...]]) -> Iterator[Report]:
    return (_report(dict(zip((field.name for field in FIELDS), row, strict=True))) for row in rows)


def _columns(connection: StoreConnection) -> str:
    """Those of FIELDS; NULL for what an older version did not store, in a file that is only read."""
    if is_migrated(connection):
        return _COLUMNS
    missing = set(_OF_TAGS) - set(connection.columns_of("wire"))
    return ", ".join("NULL" if field.key in missing else f"w.{field.key}" for field in FIELDS)


def _report(row: dict[str, Any]) -> Report:
    of_tags = {name: tuple(json.loads(row[name] or "[]")) for name in ("topics", "about")}
    return Report(**{**row, **of_tags, "channels": tuple(row["channels"].split())})


def notice(connection: StoreConnection, public_id: str) -> dict[str, Any] | None:
    """The notice in the place of an article, by the names of the view `notices`, `channels` as a tuple; None: it is in
    the wire, or nobody is to know of it (an embargo), or there is no such article.
    """
    found = rows(connection, "SELECT * FROM notices WHERE id = ?", public_id)
    return {**found[0], "channels": tuple(found[0]["channels"].split())} if found else None


def channels(connection: StoreConnection, public_id: str) -> tuple[str, ...]:
    """By which an article may be passed on, in the wire or not; (): by none, or there is no such article."""
    row = connection.execute(
        "SELECT t.channels FROM articles AS a JOIN terms AS t ON t.publisher = a.publisher AND t.class = a.class"
        " WHERE a.id = ?",
        (public_id,),
    ).fetchone()
    return tuple(row[0].split()) if row else ()


def raw(connection: StoreConnection, public_id: str, number: int | None = None) -> dict[str, Any] | None:
    """Everything the entry said, in the newest revision or that of this number, as the publisher said it; None: there
    is no such article, or revision.
    """
    row = connection.execute(
        """
        SELECT raw_words(r.raw, r.dictionary_id) FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = coalesce(?2, a.revision) WHERE a.id = ?1
        """,
        (public_id, number),
    ).fetchone()
    return values(row[0]) if row else None


def revisions(connection: StoreConnection, public_id: str) -> list[dict[str, Any]]:
    """Every revision, oldest first: number, kind, seen_at, source, title and `words`, everything the entry said."""
    cursor = connection.execute(
        """
        SELECT r.number, c.change_kind, r.seen_at, s.publisher || '/' || s.source_key AS source_name, r.title,
          r.changed,
          raw_words(r.raw, r.dictionary_id) AS words
        FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id
        JOIN changes AS c ON c.seq = (SELECT min(seq) FROM changes WHERE article_id = a.article_id
          AND revision = r.number)
        JOIN sources AS s ON s.source_id = r.source_id
        WHERE a.id = ? ORDER BY r.number
        """,
        (public_id,),
    )
    return [{**row, "words": values(row["words"])} for row in dictionaries(cursor)]


def rows(connection: StoreConnection, sql: str, *values: Any) -> list[dict[str, Any]]:
    return dictionaries(connection.execute(sql, values))


def dictionaries(cursor: Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def text_scope(connection: StoreConnection, publisher: str) -> str:
    sql = "SELECT json_extract(rights, '$.text_scope') FROM publishers WHERE publisher = ?"
    row = connection.execute(sql, (publisher,)).fetchone()
    return str(row[0]) if row and row[0] else "none"


def known_publishers(connection: StoreConnection) -> dict[str, KnownPublisher]:
    rows = connection.execute(
        "SELECT publisher, name, country, publisher_kind, publisher_group, languages FROM publishers"
    )
    former: dict[str, list[FormerChoice]] = {}
    if is_migrated(connection):
        for key, *was in connection.execute(
            """
            SELECT publisher, former_key, name, country, publisher_kind, publisher_group FROM publisher_history
            ORDER BY until_seq, rowid
            """
        ):
            former.setdefault(key, []).append(FormerChoice(*was))
    return {
        key: KnownPublisher(name, country, kind, group, _codes(languages), tuple(former.get(key, ())))
        for key, name, country, kind, group, languages in rows
    }


def publishers_with_reports(connection: StoreConnection) -> frozenset[str]:
    has_one = "EXISTS (SELECT 1 FROM articles AS a WHERE a.publisher = p.publisher)"
    rows = connection.execute(f"SELECT publisher FROM publishers AS p WHERE {has_one}")  # noqa: S608
    return frozenset(key for (key,) in rows)


PUBLISHERS = """
    SELECT p.publisher, p.name, p.place, p.country, p.publisher_kind, p.publisher_group, p.languages, p.homepage,
      json_extract(p.rights, '$.text_scope') AS text_scope, json_extract(p.rights, '$.licence') AS licence,
      (SELECT count(*) FROM sources AS s WHERE s.publisher = p.publisher AND s.enabled = 1) AS sources,
      (SELECT coalesce(sum(d.usable), 0) FROM reports_per_day AS d WHERE d.publisher = p.publisher) AS articles,
      (SELECT coalesce(sum(d.held), 0) FROM reports_per_day AS d WHERE d.publisher = p.publisher) AS held,
      (SELECT coalesce(sum(d.withdrawn), 0) FROM reports_per_day AS d WHERE d.publisher = p.publisher) AS withdrawn,
      (SELECT max(a.sort_time) FROM articles AS a WHERE a.publisher = p.publisher) AS newest
    FROM publishers AS p WHERE p.configured = 1 ORDER BY p.country, p.name
"""
