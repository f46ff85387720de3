"""Selections and words of a query as SQL: conditions with their values, and an expression of FTS5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aggregator.model import AllOf, Part, Phrase, Selection
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


def expression(wanted: Sequence[Part], unwanted: Sequence[Part] = ()) -> str:
    """All of `wanted`, one at least, and none of `unwanted`, for FTS5: nothing that a person typed is an operator."""
    return " AND ".join(map(_part, wanted)) + "".join(f" NOT {_part(each)}" for each in unwanted)


def any_of(parts: Sequence[Part]) -> str:
    """One of these at least, for FTS5."""
    return " OR ".join(map(_part, parts))


def _part(part: Part) -> str:
    if isinstance(part, Phrase):
        forms = [f'"{form}"' + ("*" if part.begins else "") for form in part.forms]
        said = forms[0] if len(forms) == 1 else f"({' OR '.join(forms)})"
        return f"title : {said}" if part.in_title else said
    return f"({expression(part.wanted, part.unwanted) if isinstance(part, AllOf) else any_of(part.parts)})"
