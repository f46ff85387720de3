"""Reports of a class or a language, about a topic or a country, or of several publishers or countries, newest first:
from groups of which an index holds each in the order of lists.

Of classes and languages there are few groups of one class, language and country (`articles_by_class`). So what is rare
costs as little as what is common, and a wire that grows costs no more. What is asked for is merged from the groups that
hold the newest, a report at a time: of a group as many are read as are listed, and one more.
"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from aggregator.store.connection import Connection
from aggregator.store.queries.selections import Chosen, Place, where
from aggregator.store.queries.views import rows_to_count

# One step a value: the next greater one is looked up in the index, and what lies between is not read.
_CLASSES = """
    SELECT min(class) FROM articles
    UNION ALL SELECT (SELECT min(a.class) FROM articles AS a WHERE a.class > c.class) FROM classes AS c
    WHERE c.class IS NOT NULL
"""
_LANGUAGE = "(SELECT coalesce(a.language, '') FROM articles AS a WHERE a.class = {of}.class{after} ORDER BY 1 LIMIT 1)"
_COUNTRY = """(SELECT a.country FROM articles AS a
      WHERE a.class = {of}.class AND coalesce(a.language, '') = {of}.language{after} ORDER BY 1 LIMIT 1)"""
_COUNTRIES = f"""
    SELECT l.class, l.language, {_COUNTRY.format(of="l", after="")} FROM chosen AS l
    UNION ALL
    SELECT g.class, g.language, {_COUNTRY.format(of="g", after=" AND a.country > g.country")} FROM groups AS g
    WHERE g.country IS NOT NULL
"""  # noqa: S608  (made of constants)
_GROUPS = f"""
    WITH RECURSIVE classes (class) AS ({{classes}}),
    languages (class, language) AS (
      SELECT c.class, {_LANGUAGE.format(of="c", after="")} FROM classes AS c WHERE c.class IS NOT NULL
      UNION ALL
      SELECT l.class, {_LANGUAGE.format(of="l", after=" AND coalesce(a.language, '') > l.language")}
      FROM languages AS l WHERE l.language IS NOT NULL
    ),
    chosen (class, language) AS (
      SELECT class, language FROM languages WHERE language IS NOT NULL AND (:languages = '[]' OR EXISTS (
        SELECT 1 FROM json_each(:languages) AS t
        WHERE lower(language) = lower(t.value) OR lower(language) LIKE lower(t.value) || '-%'))
    ),
    groups (class, language, country) AS ({{countries}})
    SELECT * FROM (
      SELECT class, language, country, (
        SELECT a.sort_time FROM articles AS a
        WHERE a.class = g.class AND coalesce(a.language, '') = g.language AND a.country = g.country
          AND a.sort_time <= :no_later
        ORDER BY a.sort_time DESC LIMIT 1) AS newest
      FROM groups AS g WHERE country IS NOT NULL) AS newest_of
    WHERE newest >= :since ORDER BY newest DESC
"""  # noqa: S608  (made of constants)
# Of publishers, and of countries, one group each.
_OF_EACH = """
    SELECT * FROM (
      SELECT t.value, (
        SELECT a.sort_time FROM articles AS a WHERE a.{column} = t.value AND a.sort_time <= :no_later
        ORDER BY a.sort_time DESC LIMIT 1) AS newest
      FROM json_each(:values) AS t) AS newest_of
    WHERE newest >= :since ORDER BY newest DESC
"""
_OF_GROUP = """
    SELECT w.sort_time, w.first_seen, -w.article_id FROM wire AS w
    {where} AND {group} AND w.sort_time >= ?
    ORDER BY w.sort_time DESC, w.first_seen DESC, w.article_id LIMIT ?
"""
# About topics, or countries, one group each; a report may be in several.
_TAGGED = """
    SELECT * FROM (
      SELECT t.value, (
        SELECT x.sort_time FROM {table} AS x WHERE x.{code} = t.value AND x.sort_time <= :no_later
        ORDER BY x.sort_time DESC LIMIT 1) AS newest
      FROM json_each(:values) AS t) AS newest_of
    WHERE newest >= :since ORDER BY newest DESC
"""
_OF_TAGGED = """
    SELECT x.sort_time, w.first_seen, -x.article_id
    FROM {table} AS x CROSS JOIN wire AS w ON w.article_id = x.article_id
    {where} AND x.{code} = ? AND x.sort_time >= ?
    ORDER BY x.sort_time DESC, w.first_seen DESC, x.article_id LIMIT ?
"""
_THESE = "(SELECT value FROM json_each(?))"
_EACH_ONCE = "SELECT count(*) FROM (SELECT DISTINCT * FROM ({sql}) AS places LIMIT ?) AS each_once"
_BY_CLASS = "w.class = ? AND coalesce(w.language, '') = ? AND w.country = ?"


def are_best(of: Chosen) -> bool:
    """Whether no index has all of a selection in the order of lists, and several groups of one have."""
    if of.publishers is not None:
        return len(of.publishers) != 1
    return bool(of.topics or of.about or of.classes or of.languages or len(of.countries) > 1)


def newest(connection: Connection, of: Chosen, condition: str) -> list[Place]:
    """The places of at most `of.most` reports of a selection for which groups are best, the newest first; `condition`:
    what rows `w` of the view `wire` have to be beside, as SQL.
    """
    found: list[Place] = []
    heads: list[tuple[Place, int]] = []  # the next of each group that has been begun, the greatest at the end
    begun: list[Iterator[Place]] = []
    sql, values, groups = _groups(connection, of, condition)
    following = next(groups, None)
    while len(found) < of.most:
        while following is not None and (not heads or following[-1] >= heads[-1][0][0]):
            begun.append(connection.execute(sql, (*values, *following[:-1], of.since, of.most)))
            _step(begun, len(begun) - 1, heads)
            following = next(groups, None)
        if not heads:
            break
        place, number = heads.pop()
        if not found or place != found[-1]:
            found.append(place)
        _step(begun, number, heads)
    return found


def _step(begun: Sequence[Iterator[Place]], number: int, heads: list[tuple[Place, int]]) -> None:
    """The next report of a group that has been begun takes its place among the heads."""
    place = next(begun[number], None)
    if place is not None:
        insort(heads, (place, number))


def count(connection: Connection, of: Chosen, most: int, condition: str) -> int:
    """How many reports of such a selection there are; `most`, where there are as many or more."""
    sql, values, groups = _groups(connection, of, condition)
    sql = sql[: sql.index("ORDER BY")].replace("wire AS w", f"{rows_to_count(connection)} AS w")
    if _tags(of) is not None:  # a report may be in several groups
        named = json.dumps([group for group, _ in groups])
        each_once = _EACH_ONCE.format(sql=sql.replace("= ? AND x.", f"IN {_THESE} AND x."))
        (number,) = connection.execute(each_once, (*values, named, of.since, most)).fetchone()
        return int(number)
    found: int = 0
    for *group, _ in groups:
        counted = connection.execute(
            f"SELECT count(*) FROM ({sql} LIMIT ?) AS places",  # noqa: S608  (made of constants)
            (*values, *group, of.since, most - found),
        )
        found += counted.fetchone()[0]
        if found >= most:
            break
    return found


def _tags(of: Chosen) -> tuple[str, str, tuple[str, ...]] | None:
    """By which table, column and values groups are made of what reports are about: by countries before topics, of which
    there are fewer; None: by something else.
    """
    if of.publishers is not None:
        return None
    if of.about:
        return "article_countries", "country", of.about
    return ("article_topics", "topic", of.topics) if of.topics else None


def _groups(connection: Connection, of: Chosen, condition: str) -> tuple[str, list[Any], Iterator[tuple[Any, ...]]]:
    """SQL for the places of a group, the first of its values, and of each group the values that follow, with the newest
    time in it: that with the newest first.
    """
    times = {"since": of.since, "no_later": of.no_later}
    if of.publishers is not None:
        column, values, rest = "publisher", of.publishers, replace(of, publishers=None)
    elif (tags := _tags(of)) is not None:
        table, code, wanted = tags
        names = {"table": table, "code": code}
        found = connection.execute(_TAGGED.format(**names), times | {"values": json.dumps(wanted)})
        rest = replace(of, about=()) if of.about else replace(of, topics=())
        conditions, before = where(rest, "x.sort_time <= ?", condition)
        return _OF_TAGGED.format(where=conditions, **names), [of.no_later, *before], iter(found.fetchall())
    elif not (of.classes or of.languages):
        column, values, rest = "country", of.countries, replace(of, countries=())
    else:
        sql = _GROUPS.format(
            classes="SELECT value FROM json_each(:classes)" if of.classes else _CLASSES,
            countries="SELECT class, language, t.value FROM chosen CROSS JOIN json_each(:countries) AS t"
            if of.countries
            else _COUNTRIES,
        )
        named = {"classes": of.classes, "countries": of.countries, "languages": of.languages}
        found = connection.execute(sql, times | {name: json.dumps(each) for name, each in named.items()})
        rest = replace(of, classes=(), languages=(), countries=())
        conditions, before = where(rest, condition)
        return _OF_GROUP.format(where=conditions, group=_BY_CLASS), before, iter(found.fetchall())
    found = connection.execute(_OF_EACH.format(column=column), times | {"values": json.dumps(values)})
    conditions, before = where(rest, condition)
    return _OF_GROUP.format(where=conditions, group=f"w.{column} = ?"), before, iter(found.fetchall())
