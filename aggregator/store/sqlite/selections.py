"""Selections and words of a query as SQL: conditions with their values, and an expression of FTS5."""

from __future__ import annotations

from typing import Any

from aggregator.model import Phrase, Query, Selection
from aggregator.text.dates import to_iso

LAST = 2**63 - 1  # the greatest number that SQLite holds


def where(selection: Selection, *always: str) -> tuple[str, list[Any]]:
    """The WHERE for rows `w` of the view `wire`, with other conditions before it, and its values."""
    found: list[str] = list(always)
    values: list[Any] = []
    for column, value in (
        ("publisher", selection.publisher),
        ("country", selection.country),
        ("class", selection.item_class),
    ):
        if value is not None:
            found.append(f"w.{column} = ?")
            values.append(value)
    if selection.language is not None:
        found.append("(w.language = ? COLLATE NOCASE OR w.language LIKE ? || '-%')")
        values += [selection.language, selection.language]
    if selection.since is not None:
        found.append("w.sort_time >= ?")
        values.append(to_iso(selection.since))
    return ("WHERE " + " AND ".join(found) if found else ""), values


def most(selection: Selection) -> int:
    """How many rows at most, for a LIMIT."""
    return LAST if selection.limit is None else selection.limit


def expression(query: Query) -> str:
    """The words for FTS5, in which nothing that a person typed is an operator. At least one is wanted."""
    return " AND ".join(map(_phrase, query.wanted)) + "".join(f" NOT {_phrase(each)}" for each in query.unwanted)


def _phrase(phrase: Phrase) -> str:
    return f'"{phrase.words}"' + ("*" if phrase.begins else "")
