"""Reports of a class or a language, newest first: from the few groups of one class, language and country.

The index `articles_by_class` holds each group in the order of lists. So what is rare costs as little as what is common,
and a wire that grows costs no more. What is asked for is merged from the groups that hold the newest.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from typing import Any

from aggregator.model import Selection
from aggregator.text.dates import to_iso

Place = tuple[str, str, int]  # of a report in lists: sort_time, first_seen, and less its number; the greatest is first

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
      SELECT class, language FROM languages WHERE language IS NOT NULL AND (:language IS NULL
        OR language = :language COLLATE NOCASE OR language LIKE :language || '-%')
    ),
    groups (class, language, country) AS ({{countries}})
    SELECT * FROM (
      SELECT class, language, country, (
        SELECT a.sort_time FROM articles AS a
        WHERE a.class = g.class AND coalesce(a.language, '') = g.language AND a.country = g.country
        ORDER BY a.sort_time DESC LIMIT 1) AS newest
      FROM groups AS g WHERE country IS NOT NULL)
    WHERE newest >= :since ORDER BY newest DESC
"""  # noqa: S608  (made of constants)
_OF_GROUP = """
    SELECT w.sort_time, w.first_seen, -w.article_id FROM wire AS w
    WHERE {condition} AND w.class = ? AND coalesce(w.language, '') = ? AND w.country = ? AND w.sort_time >= ?
    ORDER BY w.sort_time DESC, w.first_seen DESC, w.article_id LIMIT ?
"""


def newest(connection: sqlite3.Connection, selection: Selection, most: int, condition: str) -> list[Place]:
    """The places of at most `most` reports of a selection without a publisher, the newest first; `condition`: what rows
    `w` of the view `wire` have to be beside, as SQL.
    """
    since = to_iso(selection.since) if selection.since else ""
    sql = _OF_GROUP.format(condition=condition)
    found: list[Place] = []  # a heap, the oldest at its top
    for *group, last in _groups(connection, selection, since):
        oldest = found[0][0] if len(found) == most else since
        if last < oldest:
            break
        for place in connection.execute(sql, (*group, oldest, most)).fetchall():
            if len(found) < most:
                heapq.heappush(found, place)
            else:
                heapq.heappushpop(found, place)
    return sorted(found, reverse=True)


def count(connection: sqlite3.Connection, selection: Selection, most: int, condition: str) -> int:
    """How many reports of such a selection there are; `most`, where there are as many or more."""
    since = to_iso(selection.since) if selection.since else ""
    sql = f"SELECT count(*) FROM ({_OF_GROUP.format(condition=condition)})"  # noqa: S608  (made of constants)
    found = 0
    for *group, _ in _groups(connection, selection, since):
        found += connection.execute(sql, (*group, since, most - found)).fetchone()[0]
        if found >= most:
            break
    return found


def _groups(connection: sqlite3.Connection, selection: Selection, since: str) -> Iterator[tuple[Any, ...]]:
    """Class, language ('': not stated), country and the newest time of each group, that with the newest first."""
    sql = _GROUPS.format(
        classes="SELECT :class" if selection.item_class else _CLASSES,
        countries="SELECT class, language, :country FROM chosen" if selection.country else _COUNTRIES,
    )
    names = {"class": selection.item_class, "country": selection.country, "language": selection.language}
    return iter(connection.execute(sql, {**names, "since": since}).fetchall())
