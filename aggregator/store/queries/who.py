"""The makers of reports: datelines, authors and agencies, of the words that are in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from aggregator.model.who import Author, Dateline, FoundAgency, Who
from aggregator.store.connection import Connection
from aggregator.store.queries.lists import as_list
from aggregator.store.queries.reading import dictionaries

TABLES = ("datelines", "authors", "agencies")
# What stays of each table where a report's words are let go of: what its byline says stays, as the byline does.
STAYS: Mapping[str, str] = MappingProxyType(
    {"datelines": "FALSE", "authors": "found_in = 'byline'", "agencies": "found_in = 'byline'"}
)


def write(connection: Connection, found: Iterable[tuple[int, Who]], *, is_new: bool = False) -> None:
    """The makers of articles, by number, in the place of those that are stored. Within a transaction."""
    those = list(found)
    if not is_new:
        numbers = json.dumps([number for number, _ in those])
        for table in TABLES:
            connection.execute(
                f"DELETE FROM {table} WHERE article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))",  # noqa: S608
                (numbers,),
            )
    connection.executemany(
        "INSERT INTO datelines (article_id, literal, places, country, date, agency) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, said.literal, as_list(said.places), said.country, said.date, said.agency)
            for number, who in those
            if (said := who.dateline)
        ],
    )
    connection.executemany(
        """
        INSERT INTO authors (article_id, place, name, author_kind, role, title, city, organisation, found_in)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [(number, place, *row) for number, who in those for place, row in enumerate(_authors(who))],
    )
    connection.executemany(
        """
        INSERT INTO agencies (article_id, place, name, agency_kind, stated, found_in, words)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (number, place, each.name, each.kind, each.stated, each.where, each.words)
            for number, who in those
            for place, each in enumerate(who.agencies)
        ],
    )


def has_others(connection: Connection, article: int, who: Who | None) -> bool:
    """Whether an article has other makers than these; None: they are not looked at."""
    return who is not None and who != of_articles(connection, [article]).get(article, Who())


def _authors(who: Who) -> list[tuple[str | None, ...]]:
    persons = [
        (each.name, "person", each.role, each.title, each.place, each.organisation, each.where) for each in who.authors
    ]
    return [*persons, *((name, "organisation", "author", None, None, None, "byline") for name in who.organisations)]


def of_articles(connection: Connection, articles: Sequence[int]) -> dict[int, Who]:
    """Those that have any, by number."""
    those = json.dumps(list(articles))
    datelines = {
        row["article_id"]: Dateline(
            literal=row["literal"],
            places=tuple(json.loads(row["places"])),
            country=row["country"],
            date=row["date"],
            agency=row["agency"],
        )
        for row in _rows(connection, "datelines", those)
    }
    authors: dict[int, list[Author]] = {}
    organisations: dict[int, list[str]] = {}
    for row in _rows(connection, "authors", those):
        if row["author_kind"] == "organisation":
            organisations.setdefault(row["article_id"], []).append(row["name"])
            continue
        author = Author(
            name=row["name"],
            role=row["role"],
            title=row["title"],
            place=row["city"],
            organisation=row["organisation"],
            where=row["found_in"],
        )
        authors.setdefault(row["article_id"], []).append(author)
    agencies: dict[int, list[FoundAgency]] = {}
    for row in _rows(connection, "agencies", those):
        found = FoundAgency(
            name=row["name"], kind=row["agency_kind"], stated=row["stated"], where=row["found_in"], words=row["words"]
        )
        agencies.setdefault(row["article_id"], []).append(found)
    return {
        number: Who(
            dateline=datelines.get(number),
            authors=tuple(authors.get(number, ())),
            organisations=tuple(organisations.get(number, ())),
            agencies=tuple(agencies.get(number, ())),
        )
        for number in {*datelines, *authors, *organisations, *agencies}
    }


def _rows(connection: Connection, table: str, those: str) -> list[dict[str, Any]]:
    """Those of one article as they are listed in it."""
    found = dictionaries(
        connection.execute(
            f"SELECT t.* FROM json_each(?) AS wanted CROSS JOIN {table} AS t"  # noqa: S608
            " ON t.article_id = CAST(wanted.value AS INTEGER)",
            (those,),
        )
    )
    return sorted(found, key=lambda row: row.get("place", 0))
